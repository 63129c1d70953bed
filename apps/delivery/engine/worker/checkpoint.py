"""A worker's claims and outcomes, and the transactions that commit them."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from typing import Final

import structlog
from django.db import transaction

from apps.core.contracts import Blame, Claimed, Learned, Outcome, Verdict
from apps.delivery.engine.limits.rate_limiter import Limiter, Wait
from apps.delivery.engine.limits.reservations import Reservations
from apps.delivery.engine.retry import Policy, decide
from apps.delivery.engine.routing.circuit_breaker import recovered
from apps.delivery.engine.routing.routes import defer_route, next_route
from apps.delivery.engine.runs.experiments import hold
from apps.delivery.engine.worker.claiming import Claimer
from apps.delivery.engine.worker.file_gate import FileGate
from apps.delivery.engine.worker.lease import Lease, boottime
from apps.delivery.engine.worker.preconditions import Preconditions
from apps.delivery.sending_account import SendingAccount
from apps.delivery.server_behavior import keep
from apps.mailings.ledger import routes, runs
from apps.mailings.ledger.claim import Asked, Due, next_due
from apps.mailings.ledger.claim_in_hours import LocalHours
from apps.mailings.ledger.permission.rights import Rights
from apps.mailings.ledger.record import Settled, record, record_late, release
from apps.mailings.models import Run
from apps.mailings.run_content import newest_versions, own_hours_of

log = structlog.get_logger(__name__)

#: A limit that grants more within so many seconds is waited for without leaving the connections.
SHORT = 2.0
_NEVER_LEFT = frozenset({Verdict.UNSENT, Verdict.EXPIRED})


@dataclass(frozen=True, slots=True)
class ClaimedBatch:
    """The result of one commit. ``over``: leave the run; ``limit_wait``: seconds till a grant."""

    claimed: list[Claimed] = field(default_factory=list)
    over: bool = False
    limit_wait: float = 0.0


class Checkpointer:
    """Records, claims and renews the lease, each turn in one transaction."""

    def __init__(self, *, run: Run, account: SendingAccount, policy: Policy, lease: Lease) -> None:
        self._run_id = run.pk
        self._account = account
        self._policy = policy
        self._lease = lease
        self._channel = run.channel
        self._preconditions = Preconditions(account, run, retry_seconds=policy.retry_seconds)
        reservations = Reservations(Limiter(account, run.mailing.owner_id))
        first = self._preconditions.on_first_channel
        self._rights = Rights.of(run)
        newest = newest_versions(run)
        self._claimer = Claimer(
            reservations,
            Asked(lease.token, first, self._rights, newest=newest),
            files=FileGate.of(run.pk),
            own_hours={
                one: LocalHours(*hours) for one, hours in own_hours_of(run.content, newest).items()
            },
        )
        self._held: dict[int, Claimed] = {}
        self._notable: list[Settled] = []  # to be logged after the commit
        self._throughput = Throughput()
        self._top_rate = max_rate(
            account.limits
        )  # what was measured may lie on two sides of a second
        self._failing = True  # until the first success: then the account's failures are wiped

    def commit(self, outcomes: Sequence[Outcome], *, claiming: bool = True) -> ClaimedBatch:
        """Record the outcomes, claim what may be sent, commit. Raises Fenced."""
        asked = boottime()
        batch = ClaimedBatch()
        with transaction.atomic():
            run = self._lease.beat()
            if claiming:
                self._claimer.enter(run)
            deltas = self._record(run, outcomes)
            run.rate = (
                min(self._throughput.rate, self._top_rate)
                if self._throughput.rate
                else self._throughput.rate
            )
            self._mark_account(deltas)
            runs.tally(run, deltas)
            if claiming:
                batch = self._claim(run, outcomes)
            runs.write_counts(run)
            runs.finish(run)
        self._committed(run, outcomes, batch.claimed, asked)
        return batch

    def learn(self, learned: Learned | None) -> None:
        """Keep what the channel has found out about its server."""
        if learned is not None:
            keep(self._account.name, self._account.server, learned)

    def commit_last(self, outcomes: Sequence[Outcome]) -> None:
        """Record the outcomes, release the remaining claims and the lease. Raises Fenced."""
        with transaction.atomic():
            run = self._lease.beat()
            runs.tally(run, self._record(run, outcomes))
            runs.tally(run, release(run, token=self._lease.token))
            self._claimer.settled(self._held, self._held)
            self._claimer.release()
            self._lease.end(run.now)
            runs.write_counts(run)
            runs.finish(run)
        self._log_notable(run)

    def commit_fenced(self, outcomes: Sequence[Outcome]) -> None:
        """Fenced: what is known still counts as evidence, and never overwrites newer news."""
        if self._lease.released:
            return  # all of it is recorded already
        with transaction.atomic():
            run = runs.lock(self._run_id)
            if run is not None:
                far = run.now + timedelta(days=3650)
                settled = self._decide_all(outcomes, run.now, far, jitter=False)
                token, account = self._lease.token, self._account.name
                runs.move(run, record_late(run, settled, token=token, account=account))
                runs.recompute_outcome(run)
                self._notable = _notable(settled)
        if run is not None:
            self._log_notable(run)

    def _decide_all(
        self, outcomes: Sequence[Outcome], now: datetime, ends_at: datetime, *, jitter: bool = True
    ) -> list[Settled]:
        return [
            decide(
                outcome,
                self._held[outcome.delivery_id],
                self._policy,
                now=now,
                ends_at=ends_at,
                jitter=random.random() if jitter else 0.0,
            )
            for outcome in outcomes
        ]

    def _record(self, run: runs.LockedRun, outcomes: Sequence[Outcome]) -> Counter[str]:
        settled = self._decide_all(outcomes, run.now, run.ends_at)
        self._throughput.count(sum(1 for item in settled if item.attempt))
        self._claimer.settled(
            [outcome.delivery_id for outcome in outcomes],
            [outcome.delivery_id for outcome in outcomes if _never_left(outcome)],
        )
        self._notable = _notable(settled)
        token, account = self._lease.token, self._account.name
        deltas = Counter(record(run, settled, token=token, account=account))
        if deltas["failed"] and run.now < run.ends_at and not run.stopping:
            passed = self._fall_back(run, outcomes, settled)
            deltas.update({"failed": -passed, "pending": passed})
        return deltas

    def _fall_back(
        self, run: runs.LockedRun, outcomes: Sequence[Outcome], settled: Sequence[Settled]
    ) -> int:
        """Move what was refused on this channel to the next one. What may have arrived stays."""
        refused = [
            item.delivery_id
            for outcome, item in zip(outcomes, settled, strict=True)
            if item.state == "failed"
            and item.attempt == "failure"
            and outcome.blame is Blame.RECIPIENT
        ]
        here, rights = self._channel, self._rights
        return len(routes.fall_back(run, refused, state="failed", channel=here, rights=rights))

    def _claim(self, run: runs.LockedRun, outcomes: Sequence[Outcome]) -> ClaimedBatch:
        if not self._preconditions.check(run, outcomes):
            return ClaimedBatch(over=True)
        idle = len(outcomes) == len(self._held)
        if not run.counts["pending"]:
            return ClaimedBatch(over=idle)
        room = self._preconditions.room(len(self._held) - len(outcomes))
        taken = self._claimer.claim(run, room) if room > 0 else []
        if self._claimer.wait is not None:
            return self._wait(run, self._claimer.wait, idle=idle)
        if taken is None and idle:
            return ClaimedBatch(over=self._nothing_due(run))
        return ClaimedBatch(taken or [])

    def _wait(self, run: runs.LockedRun, wait: Wait, *, idle: bool) -> ClaimedBatch:
        """A limit is used up. Seconds are waited for here; longer waits go to the queue.

        What was granted is sent first: a letter called back would leave its place unused.
        """
        seconds = (wait.until - run.now).total_seconds()
        if seconds <= SHORT:
            return ClaimedBatch(limit_wait=max(seconds, 0.01))
        if idle and not run.counts["sending"]:
            # Others might give back what they hold: the last one puts the run off.
            self._preconditions.wait(run, wait)
        return ClaimedBatch(over=idle)

    def _nothing_due(self, run: runs.LockedRun) -> bool:
        """Everybody who is left waits for another moment, or is held by another worker (False)."""
        due = next_due(run)
        if self._sample_is_sent(run) and not run.counts["sending"] and hold(run, due):
            return True
        if due is None:
            if routes.has_pending(run, run.channel):
                return False
            if not run.counts["sending"]:
                next_route(run)
            return True
        if due.at <= run.now:
            return False
        if not run.counts["sending"]:
            defer_route(run, _why(due, in_hours=self._claimer.keeps_hours(run)), due.at)
        return True

    def _sample_is_sent(self, run: runs.LockedRun) -> bool:
        """Those who are left wait for the decision of the run's experiment."""
        stopped = run.claim_limit <= run.claim_cursor < run.audience
        return stopped and self._preconditions.on_first_channel

    def _committed(
        self, run: runs.LockedRun, outcomes: Sequence[Outcome], taken: list[Claimed], asked: float
    ) -> None:
        self._log_notable(run)
        self._claimer.committed()
        for outcome in outcomes:
            del self._held[outcome.delivery_id]
        self._held.update((one.delivery_id, one) for one in taken)
        closings = self._claimer.closings(run.now)
        self._lease.renewed(asked, due_in=self._preconditions.due(run), closings=closings)

    def _log_notable(self, run: runs.LockedRun) -> None:
        """Log a line for every delivery with another outcome than "sent". ``recorded_at`` is the
        ledger's time: it ties the line to its attempt."""
        for item in self._notable:
            log.info(
                "delivery_retry" if item.state == "pending" else f"delivery_{item.state}",
                mailing_id=run.mailing_id,
                run=run.number,
                trigger=run.trigger,
                account=self._account.name,
                delivery_id=item.delivery_id,
                recipient_id=item.recipient_id,
                code=item.code,
                response=item.response,
                not_before=item.not_before.isoformat() if item.not_before else None,
                recorded_at=run.now.isoformat(),
            )
        self._notable = []

    def _mark_account(self, deltas: Counter[str]) -> None:
        """A success closes the account's circuit."""
        if self._failing and deltas["sent"] > 0:
            recovered(self._account.name)
            self._failing = False


def _why(due: Due, *, in_hours: bool) -> Run.Reason:
    """What the first of those waits for who are left; ``in_hours``: of their own day, some are."""
    if due.capped:
        return Run.Reason.FREQUENCY_CAP
    if due.for_files:
        return Run.Reason.FILES
    by_hours = in_hours and not due.tried
    return Run.Reason.OUTSIDE_LOCAL_HOURS if by_hours else Run.Reason.TRANSIENT_ERROR


def _never_left(outcome: Outcome) -> bool:
    """Nothing of it reached the server, which so has not counted it either."""
    own = outcome.blame is Blame.RECIPIENT and outcome.code
    return outcome.verdict in _NEVER_LEFT and not own


def _notable(settled: Sequence[Settled]) -> list[Settled]:
    """All outcomes but successes (too many) and unsent ones (nothing happened)."""
    return [
        item
        for item in settled
        if item.attempt not in ("", "success") or item.state not in ("sent", "pending")
    ]


_SHORT: Final = {"second": 1, "minute": 60}


class Throughput:
    """Messages per second over the last seconds."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._count = 0
        self.rate: float | None = None

    def count(self, tried: int) -> None:
        """Count the outcomes of so many more hand-overs."""
        self._count += tried
        elapsed = time.monotonic() - self._since
        if elapsed >= 1.0:
            fresh = self._count / elapsed
            self.rate = round(fresh if self.rate is None else (self.rate + fresh) / 2, 1)
            self._since, self._count = time.monotonic(), 0


def max_rate(limits: Mapping[str, int]) -> float:
    """Messages per second that the short limits allow."""
    caps = [limits[name] / seconds for name, seconds in _SHORT.items() if name in limits]
    return min(caps, default=inf)
