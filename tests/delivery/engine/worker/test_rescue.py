"""What dead, expired and suspended workers left is settled by proof, never by guess."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import transaction

from apps.core.contracts import Outcome, Verdict
from apps.core.responses.stored import foreign
from apps.delivery.accounts import declared
from apps.delivery.engine.retry import Policy
from apps.delivery.engine.worker.checkpoint import Checkpointer
from apps.delivery.engine.worker.lease import Fenced
from apps.delivery.engine.worker.rescue import Rescuer, reconcile_runs
from apps.delivery.models import WorkerLease
from apps.delivery.service import DispatchService
from apps.mailings.ledger import runs
from apps.mailings.ledger.record import Settled, record, record_late
from apps.mailings.models import Attempt, Delivery, Mailing, Run
from tests.delivery.engine.workers import MortalWorker, assert_equation, processing_run, send
from tests.factories import mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def watch(policy: str = "hold", lease_seconds: float = 15.0) -> Rescuer:
    return Rescuer(lease_seconds=lease_seconds, policy=policy)


def states(run: Run) -> list[str]:
    return list(Delivery.objects.filter(run=run).order_by("id").values_list("state", flat=True))


def test_the_journal_of_a_dead_worker_decides(tmp_path: Path) -> None:
    run = processing_run(4)
    worker = MortalWorker(run, tmp_path)
    ids = [one.delivery_id for one in worker.claims(3)]
    worker.lease.allow(0, ids[0])
    worker.lease.answered(0, ids[0], True)
    worker.lease.allow(1, ids[1])
    worker.dies()
    assert watch().recover() == 3
    assert states(run) == ["sent", "unknown", "pending", "pending"]
    assert_equation(run)
    assert list(Attempt.objects.order_by("delivery").values_list("status", flat=True)) == [
        "success",
        "unknown",
    ]
    assert not list(tmp_path.glob("*.journal"))


def test_a_run_whose_last_ones_a_dead_worker_held_is_closed_with_them(tmp_path: Path) -> None:
    run = processing_run(2)
    worker = MortalWorker(run, tmp_path)
    for line, one in enumerate(worker.claims(2)):
        worker.lease.allow(line, one.delivery_id)
        worker.lease.answered(line, one.delivery_id, True)
    worker.dies()
    watch().recover()
    assert_equation(run)
    assert (run.state, run.outcome, run.sent) == ("done", "success", 2)


@pytest.mark.parametrize(("policy", "state"), [("resend", "pending"), ("assume_sent", "sent")])
def test_the_policy_settles_what_may_have_left(tmp_path: Path, policy: str, state: str) -> None:
    run = processing_run(1)
    worker = MortalWorker(run, tmp_path)
    worker.lease.allow(0, worker.claims(1)[0].delivery_id)
    worker.dies()
    watch(policy).recover()
    assert states(run) == [state]
    assert_equation(run)


@pytest.mark.parametrize("damage", ["gone", "torn", "older boot"])
def test_without_a_journal_to_be_trusted_all_it_held_is_unknown(
    tmp_path: Path, damage: str
) -> None:
    run = processing_run(3)
    worker = MortalWorker(run, tmp_path)
    worker.claims(2)
    worker.dies()
    journal = next(tmp_path.glob("*.journal"))
    if damage == "gone":
        journal.unlink()
    elif damage == "torn":
        journal.write_bytes(b"torn")
    else:
        WorkerLease.objects.update(boot_id="before the power cut")
    observer = watch(lease_seconds=0.0)
    observer.recover()  # with no lock to try, the beat must be seen to stand still
    observer.recover()
    assert states(run) == ["unknown", "unknown", "pending"]
    assert_equation(run)


def test_a_container_reads_the_journal_that_another_one_of_the_same_machine_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = processing_run(3)
    with monkeypatch.context() as patch:
        patch.setattr("socket.gethostname", lambda: "vestnik-work")
        workers = [MortalWorker(run, tmp_path), MortalWorker(run, tmp_path)]
    assert set(WorkerLease.objects.values_list("host", flat=True)) == {"vestnik-work"}
    for worker in workers:
        worker.lease.allow(0, worker.claims(1)[0].delivery_id)
    workers[0].dies()
    assert watch().recover() == 1
    assert states(run) == ["unknown", "sending", "pending"]
    workers[1].dies()


@pytest.mark.parametrize("alive", [True, False])
def test_the_lock_of_another_machine_proves_nothing(tmp_path: Path, alive: bool) -> None:
    """Over a network file system it may be one that only its own machine sees."""
    run = processing_run(2)
    worker = MortalWorker(run, tmp_path)
    worker.claims(1)
    WorkerLease.objects.update(boot_id="another machine's")
    if not alive:
        worker.dies()
    assert watch().recover() == 0
    observer = watch(lease_seconds=0.0)
    observer.recover()
    assert observer.recover() == 1
    assert states(run) == ["unknown", "pending"]
    assert bool(list(tmp_path.glob("*.journal"))) is alive  # it may be mapped there
    if alive:
        worker.dies()


def test_a_living_worker_is_left_alone(tmp_path: Path) -> None:
    run = processing_run(2)
    worker = MortalWorker(run, tmp_path)
    worker.claims(1)
    observer = watch()
    assert observer.recover() == 0
    assert observer.recover() == 0
    assert states(run) == ["sending", "pending"]
    worker.dies()


def test_a_worker_whose_beat_stands_still_is_fenced_and_can_write_nothing(tmp_path: Path) -> None:
    run = processing_run(2)
    worker = MortalWorker(run, tmp_path)
    held = worker.claims(2)[0].delivery_id
    observer = watch(lease_seconds=0.0)
    observer.recover()
    assert observer.recover() == 2
    assert states(run) == ["pending", "pending"]
    with pytest.raises(Fenced), transaction.atomic():
        worker.lease.beat()
    assert not worker.lease.allow(0, held)
    worker.dies()


def test_a_beat_in_between_keeps_a_worker_alive(tmp_path: Path) -> None:
    run = processing_run(2)
    worker = MortalWorker(run, tmp_path)
    worker.claims(1)
    observer = watch(lease_seconds=0.0)
    observer.recover()
    with transaction.atomic():
        worker.lease.beat()
    assert observer.recover() == 0
    worker.dies()


def test_an_old_token_does_not_overwrite_a_newer_claim(tmp_path: Path) -> None:
    run = processing_run(1)
    old = MortalWorker(run, tmp_path)
    held = old.claims(1)[0]
    old.dies()
    watch().recover()
    new = MortalWorker(run, tmp_path)
    new_claim = _due(new)
    assert new_claim == [held.delivery_id]
    with transaction.atomic():
        locked = runs.lock(run.pk)
        assert locked is not None
        late = [Settled(held.delivery_id, held.recipient_id, "failed", "failure")]
        assert record(locked, late, token=old.lease.token, account="email")["sending"] == 0
    assert states(run) == ["sending"]
    new.dies()


def _due(worker: MortalWorker) -> list[int]:
    return [one.delivery_id for one in worker.claims(1)]


def test_a_late_result_resolves_an_unknown_and_is_kept_as_an_attempt(tmp_path: Path) -> None:
    run = processing_run(1)
    worker = MortalWorker(run, tmp_path)
    held = worker.claims(1)[0]
    worker.lease.allow(0, held.delivery_id)
    observer = watch(lease_seconds=0.0)
    observer.recover()
    observer.recover()
    assert states(run) == ["unknown"]
    with transaction.atomic():
        locked = runs.lock(run.pk)
        assert locked is not None
        recorded = [
            Settled(held.delivery_id, held.recipient_id, "sent", "success", response=foreign("250"))
        ]
        runs.move(locked, record_late(locked, recorded, token=worker.lease.token, account="email"))
    assert states(run) == ["sent"]
    assert_equation(run)
    worker.dies()


def test_what_the_journal_reported_already_is_not_reported_twice_by_a_late_result(
    tmp_path: Path,
) -> None:
    run = processing_run(1)
    worker = MortalWorker(run, tmp_path)
    held = worker.claims(1)[0]
    worker.lease.allow(0, held.delivery_id)
    worker.lease.answered(0, held.delivery_id, True)
    observer = watch(lease_seconds=0.0)
    observer.recover()
    observer.recover()
    assert states(run) == ["sent"]
    with transaction.atomic():
        locked = runs.lock(run.pk)
        assert locked is not None
        recorded = [
            Settled(held.delivery_id, held.recipient_id, "sent", "success", response=foreign("250"))
        ]
        runs.move(locked, record_late(locked, recorded, token=worker.lease.token, account="email"))
    assert Attempt.objects.filter(status=Attempt.Status.SUCCESS).count() == 1
    assert_equation(run)
    worker.dies()


def test_a_last_commit_whose_reply_was_lost_is_not_reported_again(tmp_path: Path) -> None:
    """Its worker finds its lease gone, and has laid it down itself."""
    run = processing_run(1)
    lease = MortalWorker(run, tmp_path).lease
    checkpointer = Checkpointer(
        run=run, account=declared(run.account), policy=Policy(), lease=lease
    )
    held = checkpointer.commit([]).claimed[0]
    recorded = [Outcome(held.delivery_id, Verdict.RETRY, 450, foreign("4.2.1 greylisted"))]
    checkpointer.commit_last(recorded)
    with pytest.raises(Fenced):
        checkpointer.commit_last(recorded)
    checkpointer.commit_fenced(recorded)
    assert Attempt.objects.filter(status=Attempt.Status.FAILURE).count() == 1
    assert_equation(run)
    lease.close(in_order=True)


def test_a_message_that_three_workers_died_with_is_not_tried_a_fourth_time(tmp_path: Path) -> None:
    run = processing_run(1)
    for _ in range(3):
        worker = MortalWorker(run, tmp_path)
        assert worker.claims(1)
        worker.dies()
        watch().recover()
    assert states(run) == ["failed"]
    assert_equation(run)


def test_three_deaths_after_a_claim_do_not_give_up_everybody_who_was_claimed(
    tmp_path: Path,
) -> None:
    """Whom two workers died with is claimed alone: only the cause itself can be there again."""
    run = processing_run(6)
    sizes = []
    for _ in range(3):
        worker = MortalWorker(run, tmp_path)
        sizes.append(len(worker.claims(6)))
        worker.dies()
        watch().recover()
    assert sizes == [6, 6, 1]
    assert states(run) == ["failed", *["pending"] * 5]
    assert_equation(run)
    stop = threading.Event()
    DispatchService().work_until(run.pk, stop)
    assert states(run) == ["failed", *["sent"] * 5]


def test_workers_killed_in_full_flight_do_not_make_anybody_a_suspect(tmp_path: Path) -> None:
    run = processing_run(5)
    for _ in range(4):
        worker = MortalWorker(run, tmp_path)
        held = [one.delivery_id for one in worker.claims(5)]
        worker.lease.allow(0, held[0])
        worker.lease.answered(0, held[0], True)
        worker.dies()
        watch().recover()
    assert sorted(states(run)) == ["pending", "sent", "sent", "sent", "sent"]
    assert_equation(run)


def test_a_run_with_nobody_left_and_a_mailing_without_a_run_are_corrected() -> None:
    run = processing_run(1)
    Delivery.objects.filter(run=run).update(state="sent")
    Run.objects.filter(pk=run.pk).update(pending=0, sent=1)
    lost = mailing_to(1)
    Mailing.objects.filter(pk=lost.pk).update(status="running")
    reconcile_runs()
    run.refresh_from_db()
    lost.refresh_from_db()
    assert (run.state, run.outcome) == ("done", "success")
    assert lost.status == "created"


def test_the_recovered_run_is_sent_to_its_end(tmp_path: Path) -> None:
    run = processing_run(5)
    worker = MortalWorker(run, tmp_path)
    worker.claims(3)
    worker.dies()
    run = send(run.mailing)
    assert (run.state, run.sent) == ("done", 5)
    assert_equation(run)
