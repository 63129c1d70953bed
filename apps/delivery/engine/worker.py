"""The engine: one worker sends one run, and can say of every recipient what happened."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction

from apps.core.contracts import Claimed, Outcome
from apps.delivery.accounts import Declared, open_channel
from apps.delivery.engine.circuit import gave_up, in_service, recovered, take_out
from apps.delivery.engine.closing import close_out
from apps.delivery.engine.lease import Fenced, Lease, awake_clock
from apps.delivery.engine.pace import Pace
from apps.delivery.engine.render import compile_run, render
from apps.delivery.engine.retry import Policy, decide
from apps.mailings.ledger import dialect, runs
from apps.mailings.ledger.claim import claim, next_due
from apps.mailings.ledger.record import record, record_late, release
from apps.mailings.models import Run

log = structlog.get_logger(__name__)

#: Seconds a worker waits for outcomes before it looks at the run again: stop takes effect in 2 s.
LOOK = 0.5
#: Seconds an orderly stop waits for what is in the air before it drops the connections.
PATIENCE = 20.0


class Halt(StrEnum):
    """Why a worker left its run."""

    OVER = "over"  # nothing more to do here now: done, waiting, paused
    STOPPED = "stopped"  # asked to stop
    FENCED = "fenced"  # somebody took the lease away
    DATABASE = "database"  # the database was away; everything known has been recorded since


@dataclass(frozen=True, slots=True)
class Terms:
    """What a worker works by. ``lease_seconds``: after so long without a beat it counts as dead."""

    policy: Policy
    journal_dir: Path
    lease_seconds: float = 15.0


class Worker:
    """Sends one run from claim to record, in one thread, until it is over or told to stop."""

    def __init__(self, *, run: Run, account: Declared, terms: Terms, stop: threading.Event) -> None:
        self._run_id = run.pk
        self._account = account
        self._terms = terms
        self._stop = stop
        now = dialect.database_now()
        self._compiled = compile_run(run, account, now)
        self._lease = Lease(
            run_id=run.pk,
            directory=terms.journal_dir,
            lines=account.max_connections,
            window=account.window,
            seconds=terms.lease_seconds,
            now=now,
        )
        self._channel = open_channel(account, self._lease)
        self._held: dict[int, Claimed] = {}
        self._told: list[Outcome] = []
        self._after = 0
        self._halt: Halt | None = None
        self._pace = Pace()
        self._account_seen = 0.0
        self._failing = True  # until the first success: then the account's failures are wiped

    def work(self) -> Halt:
        """Send until nothing is left to do now. Returns why it left; everything is recorded."""
        bound = log.bind(run_id=self._run_id, account=self._account.name, epoch=self._lease.token)
        bound.info("worker_started")
        while self._halt is None:
            self.step()
        self._wind_up()
        bound.info("worker_left", halt=self._halt.value)
        return self._halt

    def step(self) -> None:
        """One breath of a run. Read it top to bottom: that is the whole engine."""
        outcomes = self._channel.outcomes(LOOK)  # no database
        claimed = self._turn(outcomes)  # one commit: record the last, claim the next
        letters, refused = render(self._compiled, claimed)  # pure
        self._channel.hand_over(letters)  # no database
        self._told += refused

    # --- the one transaction of a cycle ---

    def _turn(self, outcomes: list[Outcome]) -> list[Claimed]:
        self._told += outcomes
        if self._stop.is_set():
            self._halt = self._halt or Halt.STOPPED
        try:
            return self._cycle()
        except Fenced:
            self._halt = Halt.FENCED
        except (OperationalError, InterfaceError) as error:
            log.warning("database_lost", run_id=self._run_id, error=str(error)[:200])
            self._lease.broken()
            self._halt = Halt.DATABASE
        return []

    def _cycle(self, *, last: bool = False) -> list[Claimed]:
        """Record what is told, claim what may be sent, commit. ``last``: hand the rest back."""
        asked = awake_clock()
        taken: list[Claimed] = []
        with transaction.atomic():
            run = self._lease.beat()
            deltas = self._record(run)
            self._mark_account(deltas)
            runs.tally(run, deltas)
            if last:
                runs.tally(run, release(run, token=self._lease.token))
                self._lease.end(run.now)
            elif self._halt is None and self._may_go_on(run):
                taken = self._claim(run)
            runs.write_counts(run, rate=self._pace.rate)
            runs.finish(run)
        self._committed(run, taken, asked)
        return taken

    def _record(self, run: runs.LockedRun) -> Counter[str]:
        settled = [
            decide(
                outcome,
                self._held[outcome.delivery_id],
                self._terms.policy,
                now=run.now,
                ends_at=run.ends_at,
                jitter=random.random(),
            )
            for outcome in self._told
        ]
        self._pace.count(sum(1 for item in settled if item.attempt))
        return Counter(record(run, settled, token=self._lease.token))

    def _claim(self, run: runs.LockedRun) -> list[Claimed]:
        room = self._account.window - len(self._held) + len(self._told)
        if room <= 0 or not run.counts["pending"]:
            if not run.counts["pending"] and len(self._told) == len(self._held):
                self._halt = Halt.OVER
            return []
        found = claim(run, token=self._lease.token, limit=room, after=self._after)
        self._after = found.last_id
        taken = len(found.claimed)
        runs.tally(
            run,
            {
                "sending": taken,
                "suppressed": found.suppressed,
                "pending": -taken - found.suppressed,
            },
        )
        if not taken and not found.suppressed and len(self._told) == len(self._held):
            self._nothing_due(run)
        return found.claimed

    def _nothing_due(self, run: runs.LockedRun) -> None:
        """Everybody who is left waits for another try (or is held by another worker)."""
        due = next_due(run.id)
        if due is None:
            self._after = 0  # passed over while somebody else was holding them: look again
            return
        self._halt = Halt.OVER
        if due > run.now and not run.counts["sending"]:
            runs.defer(run, Run.Reason.TRANSIENT_ERROR, due)

    def _committed(self, run: runs.LockedRun, taken: list[Claimed], asked: float) -> None:
        for outcome in self._told:
            del self._held[outcome.delivery_id]
        self._told.clear()
        self._held.update((one.delivery_id, one) for one in taken)
        self._lease.renewed(asked, due_in=(run.ends_at - run.now).total_seconds())

    # --- may it go on? every "why not now" of a worker is here ---

    def _may_go_on(self, run: runs.LockedRun) -> bool:
        if run.state != Run.State.PROCESSING or run.stopping or run.now >= run.ends_at:
            self._halt = Halt.OVER
        elif not run.owner_active:
            self._put_off(run, Run.Reason.OWNER_BLOCKED)
        elif not run.mailing_active:
            self._put_off(run, Run.Reason.MAILING_DISABLED)
        elif run.now < run.starts_at and not run.early:
            runs.defer(run, Run.Reason.BEFORE_START, run.starts_at)
            self._halt = Halt.OVER
        else:
            self._check_account(run)
        return self._halt is None

    def _put_off(self, run: runs.LockedRun, reason: str) -> None:
        runs.defer(run, reason, None)
        self._halt = Halt.OVER

    def _check_account(self, run: runs.LockedRun) -> None:
        trouble = next((told for told in reversed(self._told) if gave_up(told)), None)
        if trouble is not None:
            take_out(run, trouble, base=self._terms.policy.retry_seconds)
            self._halt = Halt.OVER
        elif awake_clock() - self._account_seen >= 1.0:
            self._account_seen = awake_clock()
            if not in_service(self._account.name):
                self._put_off(run, Run.Reason.ACCOUNT_DISABLED)

    def _mark_account(self, deltas: Counter[str]) -> None:
        """A success closes the account's circuit."""
        if self._failing and deltas["sent"] > 0:
            recovered(self._account.name)
            self._failing = False

    # --- leaving in order ---

    def _wind_up(self) -> None:
        """Claim no more, wait for what is in the air, record it, give the rest back."""
        self._told += self._channel.recall()
        since = time.monotonic()
        while len(self._held) > len(self._told):
            hurry = self._halt is not Halt.OVER or self._stop.is_set()
            if hurry and time.monotonic() - since > PATIENCE:
                break
            self._told += self._channel.outcomes(LOOK)
            if self._halt in (Halt.OVER, Halt.STOPPED):
                self._turn([])
        self._told += self._channel.close()
        in_order = self._record_the_rest()
        self._lease.close(in_order=in_order)
        if in_order and self._halt is not Halt.FENCED:
            close_out(self._run_id)

    def _record_the_rest(self) -> bool:
        """The last transaction, tried until the database is back. False: the journal must speak."""
        pause, until = 0.1, time.monotonic() + PATIENCE
        while True:
            try:
                self._cycle(last=True)
                return True
            except Fenced:
                self._halt = Halt.FENCED
                return self._record_late()
            except (OperationalError, InterfaceError) as error:
                log.warning("database_away", run_id=self._run_id, error=str(error)[:200])
                connection.close()
            if self._stop.is_set() and time.monotonic() > until:
                return False
            self._stop.wait(pause) if not self._stop.is_set() else time.sleep(pause)
            pause = min(pause * 2, 5.0)

    def _record_late(self) -> bool:
        """Fenced: what is known still counts as evidence, and never overwrites newer news."""
        with transaction.atomic():
            run = runs.lock(self._run_id)
            if run is None:
                return True
            far = run.now + timedelta(days=3650)
            settled = [
                decide(
                    told,
                    self._held[told.delivery_id],
                    self._terms.policy,
                    now=run.now,
                    ends_at=far,
                    jitter=0.0,
                )
                for told in self._told
            ]
            runs.move(run, record_late(run, settled, token=self._lease.token))
            runs.judge_again(run)
        return True
