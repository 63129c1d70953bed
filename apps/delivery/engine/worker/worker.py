"""The engine: one worker sends one run, and can say of every recipient what happened."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import structlog
from django.db import InterfaceError, OperationalError, connection

from apps.core.contracts import Claimed, Letter, Outcome
from apps.delivery.accounts import open_channel
from apps.delivery.engine.render import compile_run, render
from apps.delivery.engine.retry import Policy
from apps.delivery.engine.runs.closing import close_out
from apps.delivery.engine.worker.checkpoint import Checkpointer, ClaimedBatch
from apps.delivery.engine.worker.lease import Fenced, Lease
from apps.delivery.sending_account import SendingAccount
from apps.mailings.ledger import dialect
from apps.mailings.ledger.record import last_refusals
from apps.mailings.models import Run

log = structlog.get_logger(__name__)

#: Seconds a worker waits for outcomes before it reads the run again: stop takes effect in 2 s.
POLL_SECONDS = 0.5
#: Seconds an orderly stop waits for what is in flight before it drops the connections.
DRAIN_TIMEOUT = 20.0


class Halt(StrEnum):
    """Why a worker left its run."""

    OVER = "over"  # nothing more to do here now: done, waiting, paused
    STOPPED = "stopped"  # asked to stop
    FENCED = "fenced"  # another process took the lease
    DATABASE = "database"  # the database was away; everything known has been recorded since


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a worker works by. ``lease_seconds``: after so long without a beat it counts as dead."""

    policy: Policy
    journal_dir: Path
    lease_seconds: float = 15.0
    max_refusals: int = 0


class Worker:
    """Sends one run from claim to record, in one thread, until it is over or stopped."""

    def __init__(
        self, *, run: Run, account: SendingAccount, settings: WorkerSettings, stop: threading.Event
    ) -> None:
        self._run_id = run.pk
        self._stop = stop
        now = dialect.database_now()
        self._compiled = compile_run(run, account, now)
        self._lease = Lease(
            run_id=run.pk,
            account=account,
            directory=settings.journal_dir,
            seconds=settings.lease_seconds,
            now=now,
        )
        self._log = log.bind(
            mailing_id=run.mailing_id, run=run.number, account=account.name, trigger=run.trigger
        )
        self._checkpointer = Checkpointer(
            run=run, account=account, policy=settings.policy, lease=self._lease
        )
        self._channel = open_channel(account, self._lease)
        self._channel.restore_streak(last_refusals(run, at_most=settings.max_refusals))
        self._unrecorded: list[Outcome] = []  # known, and not recorded yet
        self._unwritten: list[Claimed] = []  # claimed, and no letter yet
        self._spell = settings.lease_seconds / 10  # seconds of writing between two beats
        self._in_flight = 0  # handed over, outcome not returned yet
        self._limit_wait = 0.0  # seconds until a short limit grants more
        self._halt: Halt | None = None

    def work(self) -> Halt:
        """Send until nothing is left to do now. Returns why it left; everything is recorded."""
        self._log.info("worker_started", epoch=self._lease.token)
        while self._halt is None:
            self.step()
        self._drain()
        self._log.info("worker_left", epoch=self._lease.token, halt=self._halt.value)
        return self._halt

    def step(self) -> None:
        """One breath of a run. Read it top to bottom: that is the whole engine."""
        self._collect_outcomes(0 if self._unwritten else POLL_SECONDS)  # no database
        claimed = self._commit_and_claim()  # one commit: record the outcomes, claim the next
        letters = self._render(claimed)  # pure
        self._channel.hand_over(letters)  # no database
        self._in_flight += len(letters)

    def _render(self, claimed: list[Claimed]) -> list[Letter]:
        """As many letters as the lease allows before its next beat; the rest in the next step."""
        waiting = [*self._unwritten, *claimed]
        if self._halt is not None:  # what is not written is given back with the last entry
            return []
        done = render(self._compiled, waiting, seconds=self._spell)
        self._unwritten = done.left
        self._unrecorded += done.rejected
        return done.letters

    def _collect_outcomes(self, wait: float) -> None:
        """Collect the channel's outcomes; wait here for a limit of seconds, holding nothing."""
        if self._limit_wait and not self._in_flight:
            self._stop.wait(min(self._limit_wait, POLL_SECONDS))
        self._limit_wait = 0.0
        self._returned(self._channel.outcomes(wait))

    def _returned(self, outcomes: list[Outcome]) -> None:
        self._in_flight -= len(outcomes)
        self._unrecorded += outcomes

    def _commit_and_claim(self) -> list[Claimed]:
        if self._stop.is_set():
            self._halt = self._halt or Halt.STOPPED
        turned = self._commit_retrying(claiming=self._halt is None)
        self._limit_wait = turned.limit_wait
        if turned.over:
            self._halt = self._halt or Halt.OVER
        return turned.claimed

    def _commit_retrying(self, *, claiming: bool) -> ClaimedBatch:
        """Commit the outcomes and claim the next. What could not be committed is kept."""
        try:
            self._checkpointer.learn(self._channel.learned())
            turned = self._checkpointer.commit(self._unrecorded, claiming=claiming)
            self._unrecorded = []
            return turned
        except Fenced:
            self._halt = Halt.FENCED
        except (OperationalError, InterfaceError) as error:
            self._log.warning("database_lost", error=str(error)[:200])
            self._lease.mark_unreachable()
            self._halt = Halt.DATABASE
        return ClaimedBatch()

    # --- leaving in order ---

    def _drain(self) -> None:
        """Claim no more, wait for what is in flight, record it, release the rest."""
        self._returned(self._channel.recall())
        since = time.monotonic()
        while self._in_flight:
            hurry = self._halt is not Halt.OVER or self._stop.is_set()
            if hurry and time.monotonic() - since > DRAIN_TIMEOUT:
                break
            self._collect_outcomes(POLL_SECONDS)
            if self._halt in (Halt.OVER, Halt.STOPPED):
                self._commit_retrying(claiming=False)  # a beat, too: others must see that it lives
        self._returned(self._channel.close())
        in_order = self._record_the_rest()
        self._lease.close(in_order=in_order)
        if in_order and self._halt is not Halt.FENCED:
            close_out(self._run_id)

    def _record_the_rest(self) -> bool:
        """The last transaction, tried until the database is back. False: the journal must speak."""
        pause, until = 0.1, time.monotonic() + DRAIN_TIMEOUT
        while True:
            try:
                self._commit_last()
                return True
            except Fenced:
                self._halt = Halt.FENCED
                continue
            except (OperationalError, InterfaceError) as error:
                self._log.warning("database_away", error=str(error)[:200])
                connection.close()
            if self._stop.is_set() and time.monotonic() > until:
                return False
            self._stop.wait(pause) if not self._stop.is_set() else time.sleep(pause)
            pause = min(pause * 2, 5.0)

    def _commit_last(self) -> None:
        if self._halt is Halt.FENCED:
            self._checkpointer.commit_fenced(self._unrecorded)
        else:
            self._checkpointer.commit_last(self._unrecorded)
