"""The preconditions of a worker's run and account: every "why not now" is here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile

from apps.core.contracts import Blame, Outcome
from apps.core.responses.stored import coded
from apps.delivery.accounts import as_written, state_row
from apps.delivery.engine.limits.rate_limiter import Wait
from apps.delivery.engine.render import from_domain
from apps.delivery.engine.routing.circuit_breaker import (
    TrialGate,
    back_off,
    cool_down,
    fail_over,
    is_available,
    is_channel_failure,
    trip,
)
from apps.delivery.engine.routing.routes import defer_route, next_route, return_to_earlier
from apps.delivery.engine.runs.queue import must_yield
from apps.delivery.engine.worker.lease import boottime
from apps.delivery.sending_account import SendingAccount
from apps.mailings.ledger import reputation, runs, sending_pauses, transitions
from apps.mailings.models import Run

#: Seconds between two checks of the account's state.
_ACCOUNT_EVERY = 1.0
TOO_LATE = coded("hours_too_late")


class Preconditions:
    """What one worker asks before every claim. A wait it finds is written into the run."""

    def __init__(self, account: SendingAccount, run: Run, *, retry_seconds: float) -> None:
        self._account = account
        self._written = as_written(account.name)
        self._domain = from_domain(run, account)
        self._channel = run.channel
        #: Replaced contents have another version; the choice of a variant ends the claim's limit.
        self._contents = (run.content_version, run.claim_limit)
        before = list(run.routes.order_by("position").values_list("channel", "account"))
        #: The account that the mailing names for this channel, and the channels that come first.
        self._home = dict(before).get(run.channel, account.name)
        self._earlier = [
            channel for channel, _ in takewhile(lambda route: route[0] != run.channel, before)
        ]
        self._retry_seconds = retry_seconds
        self._trial = TrialGate(account.name)
        self._urgent = run.urgent
        self._began_at = boottime()
        self._looked_at = 0.0
        self._open_until: datetime | None = None

    @property
    def on_first_channel(self) -> bool:
        """No other channel of the run comes before this worker's."""
        return not self._earlier

    def check(self, run: runs.LockedRun, outcomes: Sequence[Outcome]) -> bool:
        """Check whether the worker may continue. False: leave the run; it holds reason and time."""
        if run.state != Run.State.PROCESSING or run.stopping or run.now >= run.ends_at:
            return False
        if not self._is_mine(run):
            return False
        if sending_pauses.hold(run):
            return False
        if not run.mailing_active:
            runs.defer(run, Run.Reason.MAILING_DISABLED, None)
        elif run.now < run.starts_at and not run.early:
            runs.defer(run, Run.Reason.BEFORE_START, run.starts_at)
        elif not self._defer_if_closed(run):
            return self._account_available(run, outcomes)
        return False

    def room(self, held: int) -> int:
        """How many more the worker may claim beside those that it holds."""
        return self._trial.room(self._account.window - held, held)

    def wait(self, run: runs.LockedRun, wait: Wait) -> None:
        """Defer this route until the limit grants again, or until the mailing's end."""
        defer_route(run, wait.reason, min(wait.until, run.ends_at), wait.detail)

    def due(self, run: runs.LockedRun) -> float:
        """Seconds until the mailing ends or the working hours do: nothing may leave after that."""
        until = run.ends_at if self._open_until is None else min(run.ends_at, self._open_until)
        return (until - run.now).total_seconds()

    def _is_mine(self, run: runs.LockedRun) -> bool:
        """Another route may have been taken, or other contents be in force meanwhile."""
        here = run.account == self._account.name and run.channel == self._channel
        return here and (run.content_version, run.claim_limit) == self._contents

    def _defer_if_closed(self, run: runs.LockedRun) -> bool:
        """Outside the account's hours: defer the route, or end it if they open too late."""
        hours = self._account.hours
        if hours is None or (self._open_until is not None and run.now < self._open_until):
            return False
        opening = hours.next_opening(run.now)
        if opening == run.now:
            self._open_until = hours.next_closing(run.now)
            return False
        if opening is None or opening >= run.ends_at:
            if not transitions.close_pending(run, "expired", TOO_LATE, channel=run.channel):
                next_route(run)
        else:
            defer_route(run, Run.Reason.OUTSIDE_HOURS, opening)
        return True

    def _account_available(self, run: runs.LockedRun, outcomes: Sequence[Outcome]) -> bool:
        failure = next(
            (one for one in reversed(outcomes) if is_channel_failure(one) and not one.wait), None
        )
        failure = failure or self._trial.failure(outcomes)
        if failure is not None:
            self._channel_failed(run, failure)
            return False
        asked = max((one for one in outcomes if one.wait), key=lambda one: one.wait, default=None)
        if asked is not None:
            cool_down(run, asked, account=self._account.name)
            return False
        if boottime() - self._looked_at < _ACCOUNT_EVERY:
            return True
        begun, self._looked_at = self._looked_at > 0, boottime()
        if as_written(self._account.name) != self._written:
            # The turn that begins next opens the account as it is declared now.
            runs.yield_turn(run)
            return False
        if self._hold_if_suspect(run, begun) or self._hold_for_complaints(run):
            return False
        if self._fail_over_if_down(run) or self._fail_back(run):
            return False
        if self._earlier and return_to_earlier(run, self._earlier):
            return False
        # A turn has at least one claim.
        if self._urgent or not begun or not must_yield(run, since=boottime() - self._began_at):
            return True
        runs.yield_turn(run)
        return False

    def _hold_if_suspect(self, run: runs.LockedRun, begun: bool) -> bool:
        """Judge the owner before a run of a mailing begins, and when this run itself gives cause.

        True: the run was held. It does not wait for the scheduler: in minutes a large audience is
        gone.
        """
        if (begun or self._urgent) and not sending_pauses.is_suspect(run):
            return False
        runs.write_counts(run)  # the owner's figures are read from the rows
        if sending_pauses.check(run.owner_id, run.now):
            run.pause = sending_pauses.pause_of(run.owner_id, run.now)
        return sending_pauses.hold(run)

    def _hold_for_complaints(self, run: runs.LockedRun) -> bool:
        """Defer the route while the account sends nothing from this domain. True: it was."""
        stop = reputation.stop_of(self._account.name, self._domain, run.now)
        if stop is not None:
            until = min(stop.until, run.ends_at)
            defer_route(run, Run.Reason.COMPLAINTS, until, stop.detail)
        return stop is not None

    def _channel_failed(self, run: runs.LockedRun, failure: Outcome) -> None:
        if failure.blame is Blame.LETTER:
            runs.defer(run, Run.Reason.REFUSALS, None, failure.response)
        elif failure.blame is Blame.BUSY:
            back_off(run, failure, account=self._account.name)
        else:
            trip(run, failure, account=self._account.name, base=self._retry_seconds)

    def _fail_over_if_down(self, run: runs.LockedRun) -> bool:
        row = state_row(self._account.name)
        if row.is_available(run.now):
            return False
        fail_over(run, row)
        return True

    def _fail_back(self, run: runs.LockedRun) -> bool:
        """Return the run to the mailing's own account as soon as that is available again."""
        if self._home == self._account.name or not is_available(self._home, run.now):
            return False
        runs.hand_to(run, self._home)
        return True
