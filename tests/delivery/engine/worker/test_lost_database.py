"""The database goes away under those who send: what they know is not lost, and nobody gets two."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import OperationalError, connection
from django.db.backends.signals import connection_created
from structlog.testing import capture_logs

from apps.delivery.engine.worker import worker
from apps.delivery.engine.worker.pool import WorkerPool
from apps.delivery.engine.worker.rescue import Rescuer
from apps.delivery.engine.worker.worker import WorkerSettings
from apps.delivery.models import WorkerLease
from apps.delivery.service import DispatchService, worker_settings
from apps.mailings.models import Attempt, Delivery, Run
from tests import http_service as http
from tests.delivery.engine.conftest import Declare
from tests.delivery.engine.statements import BEAT, away
from tests.delivery.engine.workers import assert_equation, processing_run
from tests.delivery.scheduling.test_scheduler import wait_for
from tests.factories import MailingFactory, RecipientFactory, mailing_to
from tests.http_service import HttpService, Request

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def tries_of(run: Run) -> Counter[str]:
    """How many hand-overs came to what, by the attempts."""
    run.refresh_from_db()
    return Counter(Attempt.objects.filter(delivery__run=run).values_list("status", flat=True))


def journals(settings: LazySettings) -> list[Path]:
    return list(Path(settings.JOURNAL_DIR).glob("*.journal"))


def test_what_was_sent_while_the_database_was_away_is_recorded_when_it_is_back(
    settings: LazySettings,
) -> None:
    run = processing_run(5)
    with capture_logs() as logs, away(BEAT, after=1, times=3) as lost:
        DispatchService().work_until(run.pk, threading.Event())
    assert len(lost) == 3
    assert tries_of(run) == Counter(success=5)
    assert (run.state, run.outcome, run.sent) == ("done", "success", 5)
    assert_equation(run)
    assert [line["event"] for line in logs].count("database_lost") == 1
    assert [line["event"] for line in logs].count("database_away") == 2
    assert journals(settings) == []


def test_a_worker_that_must_leave_before_the_database_is_back_leaves_its_journal(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "DRAIN_TIMEOUT", 0.0)
    run, stop = processing_run(3), threading.Event()

    def asked_to_leave(sender: Any, **_: Any) -> None:
        stop.set()

    with away(BEAT, after=1, times=1000) as lost:
        connection_created.connect(asked_to_leave)  # it has lost one, and looks for another
        try:
            DispatchService().work_until(run.pk, stop)
        finally:
            connection_created.disconnect(asked_to_leave)
    assert lost
    assert len(journals(settings)) == 1
    assert Delivery.objects.filter(run=run, state="sending").exists()
    DispatchService().recover()
    assert not Delivery.objects.filter(run=run, state__in=["sending", "unknown"]).exists()
    DispatchService().work_until(run.pk, threading.Event())
    assert tries_of(run) == Counter(success=3)
    assert_equation(run)


def test_a_lease_that_cannot_be_written_leaves_no_journal(settings: LazySettings) -> None:
    run = processing_run(1)
    with away(('INSERT INTO "delivery_workerlease"',)), pytest.raises(OperationalError):
        DispatchService().work_until(run.pk, threading.Event())
    assert journals(settings) == []
    assert not WorkerLease.objects.exists()


def test_a_worker_that_was_given_up_too_early_still_shows_what_it_knows(
    declare: Declare,
) -> None:
    """Its service is slow, others take it for dead; it sends nothing more when it wakes."""
    asked: list[str] = []

    def slow(request: Request) -> list[http.Step]:
        asked.append(str(request.json["phone"]))
        if len(asked) == 1:
            observer = Rescuer(lease_seconds=0.0, policy="hold")
            observer.recover()
            assert observer.recover() == 1
            connection.close()
        return list(http.json_reply({"code": 0})(request))

    with HttpService(slow) as service:
        declare("sms", kind="gateway", url=service.url, token="t", max_connections=1, window=1)
        mailing = MailingFactory.create(channel="phone", account="sms")
        for number in range(3):
            RecipientFactory.create(owner=mailing.owner, phone=f"7900000000{number}")
        launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
        DispatchService().work_until(launched.run_id, threading.Event())
    run = Run.objects.get()
    assert sorted(asked) == [f"7900000000{number}" for number in range(3)]
    assert (run.state, run.sent, run.unknown) == ("done", 3, 0)
    assert_equation(run)


# --- the threads of a serving process ---


def looking(senders: WorkerPool, run_id: int) -> Callable[[], bool]:
    """One look of the scheduler after the other, until the run is done."""

    def happened() -> bool:
        senders.ensure_workers()
        return Run.objects.get(pk=run_id).state == Run.State.DONE

    return happened


@pytest.fixture
def shaky() -> Iterator[WorkerPool]:
    """The first thread that wants to send finds no database."""
    lost = threading.Event()

    def asked() -> WorkerSettings:
        if not lost.is_set():
            lost.set()
            raise OperationalError("the server closed the connection")
        return worker_settings()

    senders = WorkerPool(asked)
    yield senders
    senders.stop()


def test_a_sending_thread_that_lost_its_database_is_replaced_at_the_next_look(
    shaky: WorkerPool,
) -> None:
    run = processing_run(2)
    with capture_logs() as logs:
        shaky.ensure_workers()
        wait_for(lambda: any(line["event"] == "sender_lost_its_database" for line in logs))
    wait_for(looking(shaky, run.pk))
    assert tries_of(run) == Counter(success=2)


def test_an_audience_is_frozen_by_the_next_thread_when_one_has_lost_its_database() -> None:
    mailing = mailing_to(3)
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    met: list[str] = []

    def fail(*_: Any) -> Any:
        raise OperationalError("the server closed the connection")

    def made(sender: Any, connection: Any, **_: Any) -> None:
        if threading.current_thread().name == "preparer" and not met:
            met.append("lost")
            connection.execute_wrappers.append(fail)

    senders = WorkerPool(worker_settings)
    connection_created.connect(made)
    try:
        with capture_logs() as logs:
            senders.ensure_workers()
            wait_for(lambda: any(line["event"] == "preparer_lost_its_database" for line in logs))
        assert Run.objects.get().state == Run.State.PREPARING
        wait_for(looking(senders, launched.run_id))
    finally:
        connection_created.disconnect(made)
        senders.stop()
    assert tries_of(Run.objects.get()) == Counter(success=3)
