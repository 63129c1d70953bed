"""Pause, resume, stop, reset, and everything that may stop a run while it is being sent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.core.errors import Refused
from apps.delivery.engine.runs import queue
from apps.delivery.engine.runs.closing import close_out
from apps.delivery.engine.runs.control import resolve_unknown
from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.models import AccountState
from apps.delivery.service import DispatchService
from apps.mailings.ledger import runs
from apps.mailings.models import Attempt, Delivery, Mailing, Run
from apps.users.models import User
from tests.delivery.engine.workers import assert_equation, processing_run, send
from tests.factories import mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def test_a_paused_run_sends_nothing_until_it_is_resumed() -> None:
    run = processing_run(3)
    service = DispatchService()
    service.pause(mailing_id=run.mailing_id)
    paused = send(run.mailing)
    assert (paused.state, paused.reason, paused.sent) == ("paused", "paused_by_user", 0)
    service.dispatch_due()
    paused.refresh_from_db()
    assert paused.state == "paused", "only a person ends a pause"
    service.resume(mailing_id=run.mailing_id)
    assert send(run.mailing).sent == 3


def test_a_stopped_run_cancels_who_was_not_begun() -> None:
    run = processing_run(3)
    DispatchService().stop(mailing_id=run.mailing_id)
    run.refresh_from_db()
    assert (run.state, run.outcome, run.cancelled) == ("done", "cancelled", 3)
    assert_equation(run)


def test_a_run_that_is_still_frozen_can_be_stopped() -> None:
    mailing = mailing_to(2)
    service = DispatchService()
    launched = service.launch(mailing_id=mailing.pk, trigger="manual")
    service.stop(mailing_id=mailing.pk)
    run = Run.objects.get(pk=launched.run_id)
    assert (run.state, run.audience) == ("done", 0)


@pytest.mark.parametrize("act", ["resume", "stop", "reset"])
def test_what_makes_no_sense_now_is_refused(act: str) -> None:
    mailing = mailing_to(1)
    with pytest.raises(Refused) as refusal:
        getattr(DispatchService(), act)(mailing_id=mailing.pk)
    assert refusal.value.code == "wrong_state"


def test_a_reset_is_refused_while_the_run_is_being_sent() -> None:
    run = processing_run(1)
    with pytest.raises(Refused):
        DispatchService().reset(mailing_id=run.mailing_id)
    assert Mailing.objects.get().current_run == 1


@pytest.mark.parametrize(
    ("reason", "stop", "lift"),
    [
        (
            "mailing_disabled",
            lambda: Mailing.objects.update(is_active=False),
            lambda: Mailing.objects.update(is_active=True),
        ),
        (
            "owner_blocked",
            lambda: User.objects.update(is_active=False),
            lambda: User.objects.update(is_active=True),
        ),
        (
            "account_disabled",
            lambda: AccountState.objects.update(state="disabled"),
            lambda: AccountState.objects.update(state="ready"),
        ),
    ],
)
def test_a_run_stops_with_the_reason_and_goes_on_when_it_is_lifted(
    reason: str, stop: Callable[[], int], lift: Callable[[], int]
) -> None:
    run = processing_run(2)
    stop()
    service = DispatchService()
    service.work_until(run.pk, threading.Event())
    run.refresh_from_db()
    assert (run.state, run.reason, run.deferred_until, run.sent) == ("paused", reason, None, 0)
    service.dispatch_due()
    run.refresh_from_db()
    assert run.state == "paused"
    lift()
    service.dispatch_due()
    service.work_until(run.pk, threading.Event())
    run.refresh_from_db()
    assert (run.state, run.sent) == ("done", 2)


def test_a_start_moved_to_the_future_puts_the_run_off_until_then() -> None:
    run = processing_run(1)
    starts_at = timezone.now() + timedelta(hours=1)
    Mailing.objects.update(starts_at=starts_at)
    DispatchService().work_until(run.pk, threading.Event())
    run.refresh_from_db()
    assert (run.state, run.reason, run.deferred_until) == ("deferred", "before_start", starts_at)


def test_a_wait_that_is_over_puts_the_run_back_into_the_queue() -> None:
    run = processing_run(1)
    past = timezone.now() - timedelta(seconds=1)
    Run.objects.update(state="deferred", reason="transient_error", deferred_until=past)
    assert queue.resume_due() == 1
    run.refresh_from_db()
    assert (run.state, run.reason) == ("queued", "")


def test_at_the_end_who_is_left_is_expired_and_the_run_says_so() -> None:
    run = processing_run(3)
    moment = timezone.now()
    Mailing.objects.update(starts_at=moment - timedelta(days=1), ends_at=moment)
    assert close_out(run.pk)
    run.refresh_from_db()
    assert (run.state, run.outcome, run.expired) == ("done", "expired", 3)
    assert_equation(run)


def test_a_wait_without_an_end_is_refused() -> None:
    run = processing_run(1)
    locked = runs.lock(run.pk)
    assert locked is not None
    with pytest.raises(ValueError, match="resume time"):
        runs.defer(locked, "transient_error", None)


def test_only_one_run_of_an_account_is_sent_at_a_time_and_priority_goes_first() -> None:
    late, early = mailing_to(1, priority=200), mailing_to(1, priority=10)
    service = DispatchService()
    for mailing in (late, early):
        service.launch(mailing_id=mailing.pk, trigger="manual")
    for run_id in Run.objects.values_list("pk", flat=True):
        freeze_audience(run_id)
    first = queue.next_run("email")
    assert first is not None
    assert Run.objects.get(pk=first).mailing == early
    assert queue.next_run("email") == first


def test_the_unknown_are_resolved_by_a_person_and_leave_an_audit_row() -> None:
    run = processing_run(3)
    ids = list(Delivery.objects.order_by("id").values_list("pk", flat=True))
    Delivery.objects.update(state="unknown", token=1)
    Run.objects.update(state="done", outcome="partial", pending=0, unknown=3)
    Mailing.objects.update(status="completed")
    assert resolve_unknown(run_id=run.pk, delivery_ids=ids[:2], verdict="sent", actor="boss") == 2
    assert_equation(run)
    assert run.outcome == "partial"
    assert resolve_unknown(run_id=run.pk, delivery_ids=ids, verdict="pending", actor="boss") == 1
    run.refresh_from_db()
    assert (run.state, run.pending) == ("queued", 1)
    assert Attempt.objects.filter(kind="audit").count() == 3
    assert send(run.mailing).outcome == "success"


def test_a_mailing_that_is_due_is_launched_by_the_scheduler_and_others_are_not() -> None:
    due = mailing_to(1)
    mailing_to(1, starts_at=timezone.now() + timedelta(hours=1))
    mailing_to(1, is_active=False)
    Mailing.objects.filter(pk=mailing_to(1).pk).update(account="nowhere")
    launched = DispatchService().dispatch_due()
    assert [Run.objects.get(pk=one.run_id).mailing_id for one in launched] == [due.pk]
    assert Run.objects.get().trigger == "scheduled"


def test_a_stop_of_very_many_is_answered_before_all_of_them_are_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("apps.mailings.ledger.transitions.CHUNK", 2)
    run = processing_run(9)
    service = DispatchService()

    service.stop(mailing_id=run.mailing_id)
    run.refresh_from_db()
    assert (run.cancelled, run.pending, run.stopping) == (4, 5, True)

    service.dispatch_due()
    run.refresh_from_db()
    assert (run.state, run.cancelled) == ("done", 9)
