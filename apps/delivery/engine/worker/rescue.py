"""Reconcile what dead and suspended workers left: in any process, at any time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import structlog
from django.db import transaction
from django.db.models import Q

from apps.delivery.engine.limits import rate_limiter
from apps.delivery.engine.runs.closing import close_out
from apps.delivery.engine.worker.journal import Evidence, JournalReader, JournalUnreadable, boot_id
from apps.delivery.engine.worker.lease import boottime
from apps.delivery.models import WorkerLease
from apps.mailings.ledger import dialect, runs, transitions
from apps.mailings.models import Mailing, Run

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Seen:
    """The last beat of a worker that this observer saw, by the observer's own clock."""

    beat: int
    since: float


class Rescuer:
    """Looks after all workers' leases. One per process: it remembers when a beat last changed.

    No two machines' clocks are compared: a worker counts as gone when the kernel that it ran under,
    which must be ours, has dropped the lock on its journal, or when its beat has not changed for a
    lease's length while we watched.
    """

    def __init__(self, *, lease_seconds: float, policy: str) -> None:
        self._lease_seconds = lease_seconds
        self._policy = policy
        self._seen: dict[int, _Seen] = {}

    def recover(self) -> int:
        """Settle what every dead worker held. Returns how many deliveries were settled."""
        alive = list(WorkerLease.objects.filter(ended_at__isnull=True))
        seen = self._seen  # of a process several threads may be here at a time
        self._seen = {lease.pk: seen[lease.pk] for lease in alive if lease.pk in seen}
        return sum(self._examine(lease) for lease in alive)

    def _examine(self, lease: WorkerLease) -> int:
        try:
            journal = JournalReader(Path(lease.journal))
        except JournalUnreadable:
            return self._release(lease, None) if self._expired(lease) else 0
        with journal:
            # A container's kernel is its machine's. The lock of another kernel may be none to us.
            ours, unlocked = lease.boot_id == boot_id(), journal.owner_is_gone()
            if not ((ours and (unlocked or lease.revoked_at)) or self._expired(lease)):
                return 0
            return self._release(lease, journal if ours or unlocked else None)

    def _expired(self, lease: WorkerLease) -> bool:
        now = boottime()
        seen = self._seen.get(lease.pk)
        if seen is None or seen.beat != lease.beat:
            self._seen[lease.pk] = _Seen(lease.beat, now)
            return False
        return now - seen.since >= self._lease_seconds

    def _release(self, lease: WorkerLease, journal: JournalReader | None) -> int:
        """Fence the worker, then judge what it held by its journal, in one transaction."""
        with transaction.atomic():
            fenced = WorkerLease.objects.filter(
                pk=lease.pk, beat=lease.beat, ended_at__isnull=True
            ).update(revoked_at=dialect.database_now())
            if not fenced:
                return 0  # it lives, or another process was quicker
            run = runs.lock(lease.run_id)
            held = transitions.held_by(run, lease.pk) if run is not None else []
            if run is not None and held:
                evidence = self._evidence(lease, journal)
                deltas = transitions.release_dead(
                    run,
                    held,
                    account=lease.account or run.account,
                    accepted=set(evidence.accepted) if evidence else set(),
                    in_flight=set(evidence.in_flight) if evidence else None,
                    policy=self._policy,
                )
                runs.move(run, deltas)
                runs.finish(run)
                log.warning(
                    "worker_recovered",
                    mailing_id=run.mailing_id,
                    run=run.number,
                    epoch=lease.pk,
                    **{state: count for state, count in deltas.items() if count > 0},
                )
            WorkerLease.objects.filter(pk=lease.pk).update(ended_at=dialect.database_now())
        if journal is not None:
            journal.remove()
        return len(held)

    def _evidence(self, lease: WorkerLease, journal: JournalReader | None) -> Evidence | None:
        """What the journal proves. None: nothing (torn, gone, or the machine has started anew)."""
        if journal is None or lease.boot_id != boot_id():
            return None
        try:
            return journal.evidence()
        except JournalUnreadable as error:
            log.error("journal_unreadable", epoch=lease.pk, error=str(error))
            return None


def reconcile_runs() -> None:
    """Close the runs that are over, and correct mailings that say Running without an open run."""
    now = dialect.database_now()
    rate_limiter.sweep(now)
    idle = Q(frozen_at__isnull=False, pending=0, sending=0)
    idle &= ~Q(reason=Run.Reason.BETWEEN_ARRIVALS)
    over = Q(stopping=True) | Q(mailing__ends_at__lte=now) | idle
    rows = Run.objects.exclude(state=Run.State.DONE).filter(over)
    for run_id in list(rows.values_list("pk", flat=True)):
        close_out(run_id)
    orphans = Mailing.objects.filter(status=Mailing.Status.RUNNING).exclude(
        runs__state__in=[state for state in Run.State if state != Run.State.DONE]
    )
    for mailing in orphans:
        log.warning("running_without_a_run", mailing_id=mailing.pk)
        done = mailing.runs.filter(number=mailing.current_run).exists()
        status = Mailing.Status.COMPLETED if done else Mailing.Status.CREATED
        Mailing.objects.filter(pk=mailing.pk, status=Mailing.Status.RUNNING).update(status=status)
