"""May this run go on, on this account, now? Every "why not now" of a worker is here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile

from apps.core.contracts import Blame, Outcome
from apps.core.responses.stored import coded
from apps.delivery.accounts import Declared, state_row
from apps.delivery.engine.limits.windows import Wait
from apps.delivery.engine.routing.circuit_breaker import (
    HalfOpen,
    fit,
    gave_up,
    go_round,
    rest,
    slow_down,
    take_out,
)
from apps.delivery.engine.routing.routes import call_back, go_on, put_off
from apps.delivery.engine.runs.queue import must_give_way
from apps.delivery.engine.worker.lease import awake_clock
from apps.mailings.ledger import runs, sending_pauses, transitions
from apps.mailings.models import Run

#: Seconds between two looks at the state of the account.
_ACCOUNT_EVERY = 1.0
TOO_LATE = coded("hours_too_late")


class Conditions:
    """What one worker asks before every claim. A wait it finds is written into the run."""

    def __init__(self, account: Declared, run: Run, *, retry_seconds: float) -> None:
        self._account = account
        self._channel = run.channel
        self._version = run.content_version
        before = list(run.ways.order_by("place").values_list("channel", "account"))
        #: The account that the mailing names for this channel, and the channels that come first.
        self._home = dict(before).get(run.channel, account.name)
        self._earlier = [
            channel for channel, _ in takewhile(lambda way: way[0] != run.channel, before)
        ]
        self._retry_seconds = retry_seconds
        self._trial = HalfOpen(account.name)
        self._urgent = run.urgent
        self._began_at = awake_clock()
        self._looked_at = 0.0
        self._open_until: datetime | None = None

    @property
    def on_first_channel(self) -> bool:
        """No other channel of the run comes before this worker's."""
        return not self._earlier

    def let_go_on(self, run: runs.LockedRun, told: Sequence[Outcome]) -> bool:
        """False: the worker has to leave the run; why, and until when, stands in the run."""
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
        else:
            return self._opened(run) and self._account_fit(run, told)
        return False

    def room(self, held: int) -> int:
        """How many more the worker may claim beside those that it holds."""
        return self._trial.room(self._account.window - held, held)

    def wait(self, run: runs.LockedRun, wait: Wait) -> None:
        """Put this way off until the limit lets it go on, or until the mailing's end."""
        put_off(run, wait.reason, min(wait.until, run.ends_at), wait.detail)

    def due(self, run: runs.LockedRun) -> float:
        """Seconds until the mailing ends or the working hours do: nothing may leave after that."""
        until = run.ends_at if self._open_until is None else min(run.ends_at, self._open_until)
        return (until - run.now).total_seconds()

    def _is_mine(self, run: runs.LockedRun) -> bool:
        """Another way may have been taken, or the content have been replaced meanwhile."""
        here = run.account == self._account.name and run.channel == self._channel
        return here and run.content_version == self._version

    def _opened(self, run: runs.LockedRun) -> bool:
        hours = self._account.hours
        if hours is None or (self._open_until is not None and run.now < self._open_until):
            return True
        opening = hours.next_opening(run.now)
        if opening == run.now:
            self._open_until = hours.next_closing(run.now)
            return True
        if opening is None or opening >= run.ends_at:
            if not transitions.close_pending(run, "expired", TOO_LATE, channel=run.channel):
                go_on(run)
        else:
            put_off(run, Run.Reason.OUTSIDE_HOURS, opening)
        return False

    def _account_fit(self, run: runs.LockedRun, told: Sequence[Outcome]) -> bool:
        trouble = next((one for one in reversed(told) if gave_up(one) and not one.wait), None)
        trouble = trouble or self._trial.trouble(told)
        if trouble is not None:
            self._gave_up(run, trouble)
            return False
        asked = max((one for one in told if one.wait), key=lambda one: one.wait, default=None)
        if asked is not None:
            rest(run, asked, account=self._account.name)
            return False
        if awake_clock() - self._looked_at < _ACCOUNT_EVERY:
            return True
        begun, self._looked_at = self._looked_at > 0, awake_clock()
        if not self._owner_may_send(run, begun):
            return False
        if not self._still_in_service(run) or not self._nobody_is_back(run):
            return False
        if self._earlier and call_back(run, self._earlier):
            return False
        # A turn has at least one claim.
        if (
            self._urgent
            or not begun
            or not must_give_way(run, since=awake_clock() - self._began_at)
        ):
            return True
        runs.give_way(run)
        return False

    def _owner_may_send(self, run: runs.LockedRun, begun: bool) -> bool:
        """Judge the owner before a run of a mailing begins, and when this run itself gives cause.

        Between the looks of the scheduler: in minutes a large audience is gone.
        """
        if (begun or self._urgent) and not sending_pauses.is_suspect(run):
            return True
        runs.write_counts(run)  # the owner's figures are read from the rows
        if sending_pauses.check(run.owner_id, run.now):
            run.pause = sending_pauses.pause_of(run.owner_id, run.now)
        return not sending_pauses.hold(run)

    def _gave_up(self, run: runs.LockedRun, trouble: Outcome) -> None:
        if trouble.blame is Blame.LETTER:
            runs.defer(run, Run.Reason.REFUSALS, None, trouble.response)
        elif trouble.blame is Blame.BUSY:
            slow_down(run, trouble, account=self._account.name)
        else:
            take_out(run, trouble, account=self._account.name, base=self._retry_seconds)

    def _still_in_service(self, run: runs.LockedRun) -> bool:
        row = state_row(self._account.name)
        if row.fit(run.now):
            return True
        go_round(run, row)
        return False

    def _nobody_is_back(self, run: runs.LockedRun) -> bool:
        """A stand-in hands the run back as soon as the mailing's own account is fit again."""
        if self._home == self._account.name or not fit(self._home, run.now):
            return True
        runs.hand_to(run, self._home)
        return False
