"""Another chance in the same run, a test letter, and what blocking an owner does to open runs."""

from __future__ import annotations

import threading
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.utils import timezone

from apps.core.contracts import Verdict
from apps.core.errors import Refused
from apps.core.responses.stored import coded
from apps.delivery.models import AccountState
from apps.delivery.service import DispatchService
from apps.mailings.models import Attempt, Delivery, Mailing, Run
from apps.users.models import User
from tests.delivery.engine.workers import assert_equation, processing_run, send
from tests.factories import MessageFactory, RecipientFactory, mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def failed_run() -> Run:
    """A done run of three; for one of them it failed."""
    run = send(mailing_to(3))
    one = Delivery.objects.filter(run=run).first()
    assert one is not None
    Delivery.objects.filter(pk=one.pk).update(state="failed", tries=5, response="5.0.0 no")
    Run.objects.filter(pk=run.pk).update(sent=2, failed=1, outcome="partial")
    return run


def test_the_failed_get_another_chance_in_the_same_run() -> None:
    run, service = failed_run(), DispatchService()
    assert service.retry_failed(mailing_id=run.mailing_id) == 1
    run.refresh_from_db()
    assert (run.state, run.pending, run.failed) == ("queued", 1, 0)
    assert_equation(run)
    service.work_until(run.pk, threading.Event())
    run.refresh_from_db()
    assert (run.state, run.outcome, run.sent, run.number) == ("done", "success", 3, 1)
    assert Attempt.objects.filter(mailing=run.mailing).count() == 4, "the first tries stay"


def test_only_those_that_may_succeed_get_another_chance_when_asked_so() -> None:
    run, service = send(mailing_to(3)), DispatchService()
    hopeful, hopeless, reached = Delivery.objects.filter(run=run).order_by("pk")
    for row, code, text in ((hopeful, 552, "5.2.2 full"), (hopeless, 550, "5.1.1 no such user")):
        Delivery.objects.filter(pk=row.pk).update(state="failed", code=code, response=text)
    Run.objects.filter(pk=run.pk).update(sent=1, failed=2, outcome="partial")
    assert service.retry_failed(mailing_id=run.mailing_id, hopeful_only=True) == 1
    states = dict(Delivery.objects.filter(run=run).values_list("pk", "state"))
    assert states == {hopeful.pk: "pending", hopeless.pk: "failed", reached.pk: "sent"}
    run.refresh_from_db()
    assert_equation(run)
    service.work_until(run.pk, threading.Event())
    with pytest.raises(Refused):
        service.retry_failed(mailing_id=run.mailing_id, hopeful_only=True)
    run.refresh_from_db()
    assert (run.state, run.sent, run.failed) == ("done", 2, 1)


def test_those_whom_a_stop_left_out_can_still_be_sent_to() -> None:
    run, service = processing_run(3), DispatchService()
    service.stop(mailing_id=run.mailing_id)
    assert service.send_remaining(mailing_id=run.mailing_id) == 3
    service.work_until(run.pk, threading.Event())
    run.refresh_from_db()
    assert (run.state, run.outcome, run.sent, run.cancelled) == ("done", "success", 3, 0)
    assert_equation(run)


def test_nothing_is_sent_again_where_nothing_may_be_sent() -> None:
    run, service = failed_run(), DispatchService()
    with pytest.raises(Refused):
        service.send_remaining(mailing_id=run.mailing_id)  # nobody was left out
    Mailing.objects.filter(pk=run.mailing_id).update(is_active=False)
    with pytest.raises(Refused):
        service.retry_failed(mailing_id=run.mailing_id)
    start = run.mailing.starts_at
    Mailing.objects.filter(pk=run.mailing_id).update(
        is_active=True, ends_at=timezone.now(), starts_at=start
    )
    with pytest.raises(Refused):
        service.retry_failed(mailing_id=run.mailing_id)
    with pytest.raises(Refused):
        service.retry_failed(mailing_id=mailing_to(1).pk)
    assert_equation(run)


def test_all_the_unknown_of_a_run_can_be_decided_at_once() -> None:
    run = send(mailing_to(3))
    Delivery.objects.filter(run=run).update(state="unknown")
    Run.objects.filter(pk=run.pk).update(sent=0, unknown=3)
    done = DispatchService().resolve_unknown(
        run_id=run.pk, delivery_ids=None, verdict="sent", actor="anna"
    )
    assert done == 3
    assert_equation(run)
    assert Attempt.objects.filter(kind="audit", mailing=run.mailing).count() == 3


def test_blocking_an_owner_holds_the_open_run_at_once_and_unblocking_lets_it_go_on() -> None:
    run, service = processing_run(2), DispatchService()
    owner = User.objects.filter(pk=run.mailing.owner_id)
    owner.update(is_active=False)
    service.owner_changed(owner_id=run.mailing.owner_id)
    run.refresh_from_db()
    assert (run.state, run.reason) == ("paused", "owner_blocked")
    owner.update(is_active=True)
    service.owner_changed(owner_id=run.mailing.owner_id)
    run.refresh_from_db()
    assert (run.state, run.reason) == ("queued", "")


def test_a_manual_pause_survives_the_blocking_of_its_owner() -> None:
    run, service = processing_run(2), DispatchService()
    service.pause(mailing_id=run.mailing_id)
    User.objects.filter(pk=run.mailing.owner_id).update(is_active=False)
    service.owner_changed(owner_id=run.mailing.owner_id)
    run.refresh_from_db()
    assert run.reason == "paused_by_user"


def test_a_test_letter_is_the_real_letter_and_leaves_no_trace(tmp_path: Path) -> None:
    message = MessageFactory.create()
    RecipientFactory.create(owner=message.owner, full_name="Пётр Первый")
    outcome = DispatchService().send_test(
        message_id=message.pk, address="me@example.org", account="email"
    )
    assert outcome.verdict is Verdict.SENT
    (file,) = (tmp_path / "outbox").glob("*.eml")
    letter = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert letter["To"].addresses[0].addr_spec == "me@example.org"
    assert "Пётр Первый" in letter["Subject"]
    assert (Delivery.objects.count(), Attempt.objects.count(), Run.objects.count()) == (0, 0, 0)


def test_no_test_letter_leaves_through_an_account_that_is_out_of_service() -> None:
    AccountState.objects.create(name="email", state=AccountState.State.DOWN)
    with pytest.raises(Refused):
        DispatchService().send_test(
            message_id=MessageFactory.create().pk, address="me@example.org", account="email"
        )


def test_a_test_letter_that_cannot_be_written_says_why() -> None:
    message = MessageFactory.create(html="<a href='{{ link }}'>x</a>", text="x")
    RecipientFactory.create(owner=message.owner, attributes={"link": "javascript:alert(1)"})
    outcome = DispatchService().send_test(
        message_id=message.pk, address="me@example.org", account="email"
    )
    assert outcome.verdict is Verdict.FAILED
    assert outcome.response == coded("bad_url")
