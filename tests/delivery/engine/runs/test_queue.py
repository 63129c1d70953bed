"""Whose turn it is: audiences are frozen at once, and the users of an account take turns."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.delivery.accounts import state_row
from apps.delivery.engine.runs import queue
from apps.delivery.engine.runs.launch import freeze_all, freeze_audience
from apps.delivery.engine.worker.pool import WorkerPool, drain_lane
from apps.delivery.models import AccountState
from apps.delivery.selectors.panel import panel_of
from apps.delivery.service import DispatchService, worker_settings
from apps.mailings.ledger import freeze
from apps.mailings.models import Mailing, Run
from apps.mailings.wait_reasons import reason_code, reason_text
from tests import http_service as http
from tests.delivery.engine.conftest import Declare
from tests.delivery.engine.workers import assert_equation
from tests.delivery.scheduling.test_scheduler import wait_for
from tests.factories import MailingFactory, RecipientFactory, mailing_to
from tests.http_service import HttpService, Request

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def queued(mailing: Mailing) -> Run:
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    freeze_audience(launched.run_id)
    return Run.objects.get(pk=launched.run_id)


@pytest.fixture
def senders() -> Iterator[WorkerPool]:
    senders = WorkerPool(worker_settings)
    yield senders
    senders.stop()


class Gate:
    """A send service that lets nobody through until it is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.asked: list[str] = []

    def __call__(self, request: Request) -> list[http.Step]:
        self.asked.append(request.json["text"])
        self.open.wait(20)
        return list(http.json_reply({"code": 0})(request))


def to_phones(text: str, count: int, owner: Any = None) -> Mailing:
    mailing: Mailing = MailingFactory.create(
        channel="phone", account="sms", **({"owner": owner} if owner else {})
    )
    mailing.message.text = text
    mailing.message.save()
    for number in range(0 if owner else count):
        RecipientFactory.create(owner=mailing.owner, email=None, phone=f"79{number:09d}")
    return mailing


def test_mailouts_of_one_gateway_are_frozen_at_once_and_sent_side_by_side(
    declare: Declare, senders: WorkerPool
) -> None:
    """D5: the second does not wait for the end of the first."""
    gate = Gate()
    with HttpService(gate) as service:
        declare("sms", kind="gateway", url=service.url, token="t", timeout=30, max_connections=2)
        first = to_phones("first", 6)
        second = to_phones("second", 2, owner=first.owner)
        for mailing in (first, second):
            DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
            senders.ensure_workers()
        try:
            wait_for(lambda: {"first", "second"} <= set(gate.asked))
        finally:
            gate.open.set()
        wait_for(lambda: not Run.objects.exclude(state="done").exists())
    assert state_row("sms").max_processing_runs == 4
    for run in Run.objects.all():
        assert run.outcome == "success"
        assert_equation(run)


def test_a_run_whose_last_messages_are_being_sent_holds_no_other(
    declare: Declare, senders: WorkerPool
) -> None:
    """Its worker waits for answers: the next run needs one of its own."""
    gate = Gate()
    with HttpService(gate) as service:
        declare("sms", kind="gateway", url=service.url, token="t", timeout=30, max_connections=2)
        first = queued(to_phones("first", 1))
        senders.ensure_workers()
        try:
            wait_for(lambda: gate.asked == ["first"])
            assert not Run.objects.get(pk=first.pk).pending
            queued(to_phones("second", 0, owner=first.mailing.owner))
            senders.ensure_workers()
            wait_for(lambda: "second" in gate.asked)
            assert Run.objects.get(pk=first.pk).state == "processing"
        finally:
            gate.open.set()
        wait_for(lambda: not Run.objects.exclude(state="done").exists())


def test_an_audience_that_comes_while_the_preparer_is_ending_is_frozen(
    senders: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has looked for the last time, and still runs: nobody else would look before a tick."""

    def freeze_and_end(stop: threading.Event, ready: Callable[[], None]) -> None:
        freeze_all(stop, ready)
        if not Run.objects.exists():
            launch_one()

    def launch_one() -> None:
        DispatchService().launch(mailing_id=mailing_to(1).pk, trigger="manual")
        senders.ensure_workers()

    monkeypatch.setattr("apps.delivery.engine.worker.pool.freeze_all", freeze_and_end)
    senders._start_preparing()
    wait_for(lambda: Run.objects.filter(frozen_at__isnull=False).exists())


@pytest.mark.parametrize("allowed", [1, 2, 3])
def test_runs_at_a_time_are_honoured_in_one_process(
    allowed: int, declare: Declare, senders: WorkerPool
) -> None:
    gate = Gate()
    with HttpService(gate) as service:
        declare("sms", kind="gateway", url=service.url, token="t", timeout=30, max_connections=1)
        state_row("sms")
        AccountState.objects.update(max_processing_runs=allowed)
        runs = [queued(to_phones(f"{number}", 1)) for number in range(3)]
        senders.ensure_workers()
        try:
            wait_for(lambda: len(gate.asked) == allowed)
            senders.ensure_workers()
            states = [Run.objects.get(pk=run.pk).state for run in runs]
            assert sorted(states) == ["processing"] * allowed + ["queued"] * (3 - allowed)
        finally:
            gate.open.set()
        wait_for(lambda: not Run.objects.exclude(state="done").exists())


def test_an_audience_is_frozen_while_another_run_is_being_sent(
    declare: Declare, senders: WorkerPool
) -> None:
    gate = Gate()
    with HttpService(gate) as service:
        declare("sms", kind="gateway", url=service.url, token="t", timeout=30, max_connections=1)
        state_row("sms")
        AccountState.objects.update(max_processing_runs=1)
        first = queued(to_phones("first", 1))
        senders.ensure_workers()
        wait_for(lambda: bool(gate.asked))
        second = to_phones("second", 3)
        DispatchService().launch(mailing_id=second.pk, trigger="manual")
        senders.ensure_workers()
        try:
            wait_for(lambda: Run.objects.get(mailing=second).state == "queued")
            assert Run.objects.get(mailing=second).audience == 3
            text = panel_of(second, now=timezone.now()).next_step
            assert "another user's mailing" in text and "first" not in text
            mine = MailingFactory.create(owner=first.mailing.owner, channel="phone", account="sms")
            run = queued(mine)
            text = panel_of(Mailing.objects.get(pk=run.mailing_id), now=timezone.now()).next_step
            assert f"(id:{first.mailing_id})" in text
        finally:
            gate.open.set()
        wait_for(lambda: not Run.objects.exclude(state="done").exists())


def test_a_small_audience_does_not_wait_for_a_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freeze, "CHUNK", 2)
    monkeypatch.setattr("apps.delivery.engine.runs.launch.CHUNKS", 2)
    large, small = mailing_to(40), mailing_to(2)
    for mailing in (large, small):
        DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    ready: list[int] = []
    freeze_all(
        threading.Event(),
        lambda: ready.extend(Run.objects.filter(state="queued").values_list("mailing", flat=True)),
    )
    assert ready[0] == small.pk
    assert set(ready) == {small.pk, large.pk}
    assert Run.objects.get(mailing=large).audience == 40


def test_a_run_that_is_stopped_while_it_is_frozen_does_not_hold_the_others() -> None:
    run = DispatchService().launch(mailing_id=mailing_to(3).pk, trigger="manual")
    Run.objects.filter(pk=run.run_id).update(stopping=True)
    freeze_all(threading.Event(), lambda: None)


def watched(monkeypatch: pytest.MonkeyPatch, at_each: Callable[[int], None]) -> list[int]:
    """The mailings in the order in which workers begin to send them."""
    order: list[int] = []
    real = queue.next_run

    def next_run(*args: Any, **kwargs: Any) -> int | None:
        run_id = real(*args, **kwargs)
        if run_id is not None:
            order.append(Run.objects.get(pk=run_id).mailing_id)
            at_each(len(order))
        return run_id

    monkeypatch.setattr(queue, "next_run", next_run)
    return order


def serve() -> None:
    drain_lane("email", urgent=False, settings=worker_settings(), stop=threading.Event())


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, declare: Declare) -> None:
    """Turns end at the first look, and every claim looks."""
    monkeypatch.setattr(queue, "TURN_SECONDS", 0.0)
    monkeypatch.setattr("apps.delivery.engine.worker.preconditions._ACCOUNT_EVERY", 0.0)
    declare(window=5)


def test_users_of_an_account_take_turns(monkeypatch: pytest.MonkeyPatch, impatient: None) -> None:
    """S12: another user's few letters do not wait for the end of many."""
    many, few = queued(mailing_to(60)), queued(mailing_to(3))
    order = watched(monkeypatch, lambda _: None)

    serve()

    assert order[:3] == [many.mailing_id, few.mailing_id, many.mailing_id]
    for run in (many, few):
        assert_equation(run)
        assert (run.state, run.outcome) == ("done", "success")
    assert few.finished_at < many.finished_at


def test_one_user_with_many_runs_has_one_turn_in_two(
    monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    first = queued(mailing_to(15))
    crowd = [first]
    for _ in range(3):
        crowd.append(queued(MailingFactory.create(owner=first.mailing.owner)))
    other = queued(mailing_to(30))
    order = watched(monkeypatch, lambda _: None)

    serve()

    turns = [pk == other.mailing_id for pk in order]
    assert turns[:5] == [False, True, False, True, False]
    own = [pk for pk in order if pk != other.mailing_id]
    assert list(dict.fromkeys(own)) == [run.mailing_id for run in crowd], "their own order is kept"
    assert not Run.objects.exclude(state="done").exists()


def test_runs_of_one_user_do_not_interrupt_each_other(
    monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    first = queued(mailing_to(30))
    second = queued(MailingFactory.create(owner=first.mailing.owner))
    order = watched(monkeypatch, lambda _: None)
    serve()
    assert order == [first.mailing_id, second.mailing_id]


def test_a_better_priority_need_not_wait_for_the_end_of_a_turn(
    monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    monkeypatch.setattr(queue, "TURN_SECONDS", 3600.0)
    many = queued(mailing_to(60))
    urgent: list[int] = []

    def at_each(turn: int) -> None:
        if turn == 1:
            urgent.append(queued(mailing_to(3, priority=50)).mailing_id)

    order = watched(monkeypatch, at_each)
    serve()
    assert order == [many.mailing_id, urgent[0], many.mailing_id]


def test_a_worse_priority_waits(monkeypatch: pytest.MonkeyPatch, impatient: None) -> None:
    good, bad = queued(mailing_to(30)), queued(mailing_to(3, priority=200))
    order = watched(monkeypatch, lambda _: None)
    serve()
    assert order == [good.mailing_id, bad.mailing_id]


def test_who_waits_in_the_queue_has_a_reason(impatient: None) -> None:
    run = queued(mailing_to(1, ends_at=timezone.now() + timedelta(hours=1)))
    assert (reason_code(run), reason_text(run)) == ("turn", "waiting for its turn")
