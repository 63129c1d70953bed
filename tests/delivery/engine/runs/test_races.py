"""Two act on the same row at the same moment: one of them is first, and the other sees it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import F
from django.utils import timezone

from apps.delivery.engine.runs import queue
from apps.delivery.engine.runs.wait_review import review
from apps.delivery.engine.worker.rescue import Rescuer
from apps.delivery.models import WorkerLease
from apps.delivery.service import DispatchService
from apps.mailings.models import Run
from apps.users.models import User
from tests.delivery.engine.runs.test_queue import queued
from tests.delivery.engine.statements import LOCK_OF_A_RUN, just_before
from tests.delivery.engine.workers import MortalWorker, assert_equation, processing_run
from tests.factories import mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

HOUR = timedelta(hours=1)
WAITING = {"state": "deferred", "reason": "transient_error"}


def test_of_two_launches_at_once_one_makes_the_run_and_the_other_joins_it() -> None:
    mailing, service = mailing_to(2), DispatchService()
    with just_before(
        ('FROM "mailings_recipient"',),
        lambda: service.launch(mailing_id=mailing.pk, trigger="scheduled"),
    ):
        launched = service.launch(mailing_id=mailing.pk, trigger="manual")
    run = Run.objects.get()
    assert (launched.run_id, launched.created, run.trigger) == (run.pk, False, "scheduled")


def test_a_run_that_is_paused_when_its_turn_comes_lets_the_next_one_go_first() -> None:
    service = DispatchService()
    first, second = (queued(mailing_to(1)) for _ in range(2))
    with just_before(
        ('UPDATE "mailings_run" SET "state"',), lambda: service.pause(mailing_id=first.mailing_id)
    ):
        assert queue.next_run("email") == second.pk
    first.refresh_from_db()
    assert (first.state, first.reason) == ("paused", "paused_by_user")


@pytest.mark.parametrize(
    "meanwhile",
    [
        {"state": "paused", "reason": "paused_by_user", "deferred_until": None},
        {"state": "queued", "reason": "", "deferred_until": None},
    ],
)
def test_a_wait_that_somebody_else_has_ended_is_not_ended_again(
    meanwhile: dict[str, object],
) -> None:
    run = processing_run(1)
    Run.objects.update(**WAITING, deferred_until=timezone.now())
    with just_before(LOCK_OF_A_RUN, lambda: Run.objects.update(**meanwhile)):
        assert queue.resume_due() == 0
    run.refresh_from_db()
    assert run.state == meanwhile["state"]


def test_a_worker_that_gives_a_sign_at_the_last_moment_is_not_taken_for_dead(
    tmp_path: Path,
) -> None:
    run = processing_run(2)
    worker = MortalWorker(run, tmp_path)
    worker.claims(2)
    observer = Rescuer(lease_seconds=0.0, policy="hold")
    observer.recover()
    with just_before(
        ('UPDATE "delivery_workerlease" SET "revoked_at"',),
        lambda: WorkerLease.objects.update(beat=F("beat") + 1),
    ):
        assert observer.recover() == 0
    assert WorkerLease.objects.get().revoked_at is None
    assert_equation(run)
    assert run.sending == 2
    worker.dies()


def test_a_limit_is_not_looked_at_again_for_a_run_that_goes_on_already() -> None:
    run = processing_run(1)
    Run.objects.update(
        state="deferred", reason="outside_hours", deferred_until=timezone.now() + HOUR
    )
    with just_before(LOCK_OF_A_RUN, lambda: Run.objects.update(state="paused")):
        assert review() == 0
    run.refresh_from_db()
    assert run.state == "paused"


def test_a_run_that_is_stopped_while_its_owner_is_blocked_stays_stopped() -> None:
    run, service = processing_run(1), DispatchService()
    User.objects.update(is_active=False)
    with just_before(LOCK_OF_A_RUN, lambda: service.stop(mailing_id=run.mailing_id)):
        service.owner_changed(owner_id=run.mailing.owner_id)
    run.refresh_from_db()
    assert (run.state, run.outcome, run.reason) == ("done", "cancelled", "")
