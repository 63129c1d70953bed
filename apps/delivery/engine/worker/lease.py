"""A worker's life: its epoch, its lease, its journal, and the guard at the last byte."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from django.conf import settings

from apps.core.contracts import Guard
from apps.delivery.engine.worker.journal import Journal, boot_id
from apps.delivery.models import WorkerLease
from apps.delivery.sending_account import SendingAccount
from apps.mailings.ledger import runs

if hasattr(time, "CLOCK_BOOTTIME"):

    def boottime() -> float:
        """Seconds that also count while the machine sleeps: a paused worker must notice."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

else:  # pragma: no cover - Windows and macOS have no such clock
    boottime = time.monotonic


_BEAT_SECONDS = (
    "UPDATE delivery_workerlease SET beat = beat + 1"
    " WHERE id = %s AND revoked_at IS NULL AND ended_at IS NULL"
)


class Fenced(Exception):
    """Somebody took this worker's lease away: it must send nothing more."""


class Lease(Guard):
    """The right to send, renewed by every committed cycle, for ``seconds`` at a time.

    A worker trusts its lease for two thirds of that, so that it stops well before anybody else may
    start. ``token`` is the epoch, the fencing token of all it claims.
    """

    def __init__(
        self,
        *,
        run_id: int,
        account: SendingAccount,
        directory: Path,
        seconds: float,
        now: datetime,
    ) -> None:
        self._run_id = run_id
        self._trust = seconds * 2 / 3
        path = directory / f"{uuid.uuid4().hex}.journal"
        self._journal = Journal(path, connections=account.max_connections, window=account.window)
        asked = boottime()
        try:
            row = WorkerLease.objects.create(
                host=socket.gethostname(),
                boot_id=boot_id(),
                pid=os.getpid(),
                journal=str(path),
                run_id=run_id,
                account=account.name,
                version=settings.VERSION,
                started_at=now,
            )
        except BaseException:
            self._journal.close(remove=True)
            raise
        self.token: int = row.pk
        self._until = asked + self._trust
        self._deadline = float("inf")
        self._closings: dict[int, float] = {}
        self._late = False
        self._unreachable = False

    # --- the guard: asked by the channel at the last byte ---

    def allow(self, connection: int, delivery_id: int) -> bool:
        """Journal first, clock second: a worker stopped in between is counted as having sent."""
        self._journal.leaving(connection, delivery_id)
        now = boottime()
        if now < self._until and now < self._deadline and not self._unreachable:
            if not self._closings or now < self._closings.get(delivery_id, now + 1):
                return True
            self._late = True
        self._journal.answered(connection, delivery_id, False)
        return False

    def answered(self, connection: int, delivery_id: int, accepted: bool) -> None:
        self._journal.answered(connection, delivery_id, accepted)

    @property
    def too_late(self) -> bool:
        """Too late for all, or for the letter that was refused last (its hours have ended)."""
        return self._late or boottime() >= self._deadline

    # --- its life ---

    def beat(self) -> runs.LockedRun:
        """Renew inside the cycle's transaction, and lock the run with it.

        Raises Fenced when the lease was taken away or the run is gone.
        """
        beat = runs.Condition("vestnik_beat", _BEAT_SECONDS, (self.token,))
        run = runs.lock(self._run_id, provided=beat)
        if run is None:
            self._unreachable = True
            raise Fenced
        return run

    def renewed(self, asked_at: float, *, due_in: float, closings: Mapping[int, float]) -> None:
        """The cycle that began at ``asked_at`` is committed; nothing may leave after ``due_in`` s.

        ``closings``: seconds until the hours end for single deliveries, where they differ.
        """
        self._until = asked_at + self._trust
        self._deadline = asked_at + due_in
        self._closings = {one: asked_at + seconds for one, seconds in closings.items()}
        self._late = False

    def mark_unreachable(self) -> None:
        """The database is out of reach: nothing more may leave under this lease."""
        self._unreachable = True

    def end(self, now: datetime) -> None:
        """Everything is recorded: lay the lease down, inside the last transaction."""
        WorkerLease.objects.filter(pk=self.token).update(ended_at=now)

    @property
    def released(self) -> bool:
        """True if our own last commit succeeded although its reply was lost."""
        mine = WorkerLease.objects.filter(pk=self.token, revoked_at__isnull=True)
        return mine.filter(ended_at__isnull=False).exists()

    def close(self, *, in_order: bool) -> None:
        """Let the journal go. It stays for the next worker when not everything is recorded."""
        self._journal.close(remove=in_order)
