"""The circuit breaker: a failing account cools down or needs a decision; another may take over.

No delivery is spent on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil
from typing import Final

import structlog
from django.db.models import F, Q

from apps.core.contracts import Blame, Outcome, Verdict
from apps.core.errors import Refused
from apps.core.responses.stored import Response, code_of, coded, with_code
from apps.delivery.accounts import declared, state_row
from apps.delivery.engine.retry import pause_after
from apps.delivery.engine.routing.routes import defer_route
from apps.delivery.models import AccountState
from apps.mailings.ledger import runs
from apps.mailings.models import Run
from apps.mailings.wait_reasons import asked_pause

log = structlog.get_logger(__name__)

_REFUSED_ALL: Final = ("all_refused", "trial_refused")
#: Seconds of the first cool-down when an account's server accepts no more.
FIRST_COOL_DOWN = 1.0


def is_channel_failure(outcome: Outcome) -> bool:
    """True if the channel as a whole could not send, to any recipient."""
    return outcome.verdict is Verdict.UNSENT and outcome.blame is not Blame.RECIPIENT


class TrialGate:
    """After a cool-down one message at a time, until the account has shown that it works."""

    def __init__(self, account: str) -> None:
        rows = AccountState.objects.filter(name=account, failures__gt=0)
        error = rows.values_list("last_error", flat=True).first()
        self._half_open = error is not None
        #: It cooled down because it refused everybody: then a refusal is no sign of life.
        self._refused_all = code_of(error or "") in _REFUSED_ALL

    def room(self, room: int, held: int) -> int:
        """How many more may be claimed beside those that are held."""
        return min(room, 1 - held) if self._half_open else room

    def failure(self, outcomes: Iterable[Outcome]) -> Outcome | None:
        """What a trial message has shown to be wrong still; None when nothing."""
        for one in outcomes if self._half_open else ():
            if one.verdict is Verdict.SENT:
                self._half_open = False
                return None
            doubtful = one.verdict in (Verdict.RETRY, Verdict.UNKNOWN)
            if doubtful and one.blame is not Blame.RECIPIENT and not one.wait:
                return self._failed(one, "trial_failed")
            if one.verdict is Verdict.FAILED and self._refused_all:
                return self._failed(one, "trial_refused")
        return None

    def _failed(self, one: Outcome, code: str) -> Outcome:
        response = coded(code, reply=one.response)
        return replace(one, verdict=Verdict.UNSENT, response=response, blame=Blame.NETWORK)


def in_service(account: str) -> bool:
    """True unless somebody has disabled the account."""
    return state_row(account).state == AccountState.State.READY


def is_available(account: str, now: datetime) -> bool:
    """True if the account is in service and its circuit closed."""
    return state_row(account).is_available(now)


def fallback_for(account: str, channel: str, now: datetime) -> str:
    """The account that may stand in: the first fit one along the fallbacks. Empty: none.

    One that cannot write to this channel's addresses is passed over.
    """
    seen = {account}
    try:
        name = declared(account).fallback
        while name and name not in seen:
            if channel in declared(name).serves and is_available(name, now):
                return name
            seen.add(name)
            name = declared(name).fallback
    except Refused:  # declared no more: then it cannot stand in
        return ""
    return ""


def trip(run: runs.LockedRun, failure: Outcome, *, account: str, base: float) -> None:
    """Trip the circuit of the account; the run fails over to another account or waits.

    A refused log-in waits for a person; anything else for ``base`` x 2^n seconds, at most an hour.
    An account that was retried too early cools down for as long as it would have.
    """
    row = _locked(account)
    cut_short_until, row.cut_short_until = row.cut_short_until, None
    row.cooldowns = 0
    if failure.blame is Blame.ACCOUNT:
        row.state, row.failures = AccountState.State.DOWN, row.failures + 1
    elif cut_short_until is not None and cut_short_until > run.now:
        row.not_before = cut_short_until
    else:
        row.failures += 1
        row.not_before = run.now + pause_after(row.failures, base=base)
    _keep(run, row, failure.response)
    log.error("account_failure", state=row.state, failures=row.failures, **_facts(run, row))
    fail_over(run, row)


def cool_down(run: runs.LockedRun, asked: Outcome, *, account: str) -> None:
    """Cool the account down for exactly as long as its server asks."""
    row = _locked(account)
    until = run.now + timedelta(seconds=asked.wait)
    row.failures = row.cooldowns = 0  # who asks for a pause can be reached
    row.not_before = max(until, row.not_before or until)
    _keep(run, row, asked.response)
    log.warning("account_asked_to_rest", account=account, seconds=round(asked.wait, 1))
    fail_over(run, row)


def back_off(run: runs.LockedRun, busy: Outcome, *, account: str) -> None:
    """Cool down an account whose server accepts no more: 1 s, then 2, 4, up to an hour."""
    row = _locked(account)
    row.failures, row.cooldowns = 0, row.cooldowns + 1
    row.not_before = run.now + pause_after(row.cooldowns, base=FIRST_COOL_DOWN)
    _keep(run, row, with_code(busy.code, busy.response))
    log.warning("account_slowed_down", cooldowns=row.cooldowns, **_facts(run, row))
    fail_over(run, row)


def _locked(account: str) -> AccountState:
    """The account's state, held until this transaction ends."""
    return AccountState.objects.select_for_update().get(pk=state_row(account).pk)


def _keep(run: runs.LockedRun, row: AccountState, error: Response) -> None:
    """Store the state, and what the server said."""
    row.last_error, row.last_error_at = error, run.now
    row.save()


def _facts(run: runs.LockedRun, row: AccountState) -> dict[str, object]:
    """What the log says of a failure."""
    return {
        "mailing_id": run.mailing_id,
        "run": run.number,
        "account": row.name,
        "error": row.last_error,
    }


def fail_over(run: runs.LockedRun, row: AccountState) -> None:
    """Fail over: give the run to the fallback account, or to its next route."""
    fallback = fallback_for(row.name, run.channel, run.now)
    if fallback:
        log.warning(
            "account_replaced",
            mailing_id=run.mailing_id,
            run=run.number,
            account=row.name,
            by=fallback,
        )
        runs.hand_to(run, fallback)
    elif row.state != AccountState.State.READY:
        defer_route(run, Run.Reason.ACCOUNT_DISABLED, None, row.last_error)
    elif row.failures or row.not_before is None:
        defer_route(run, Run.Reason.CHANNEL_DOWN, row.not_before, row.last_error)
    elif row.cooldowns:
        defer_route(run, Run.Reason.SERVER_BUSY, row.not_before, row.last_error)
    else:  # nothing has failed: the server asked for a pause
        seconds = ceil((row.not_before - run.now).total_seconds())
        detail = asked_pause(seconds, row.name)
        defer_route(run, Run.Reason.RATE_LIMIT, row.not_before, detail)


def recovered(account: str) -> None:
    """Something was sent: the failures are forgotten."""
    failing = AccountState.objects.filter(Q(failures__gt=0) | Q(cooldowns__gt=0), name=account)
    failing.update(failures=0, cooldowns=0, not_before=None, cut_short_until=None)


def toggle_enabled(account: str) -> bool:
    """Disable the account, or enable it again. True: it is ready now."""
    ready = state_row(account).state != AccountState.State.READY
    AccountState.objects.filter(name=account).update(
        state=AccountState.State.READY if ready else AccountState.State.DISABLED,
        not_before=None,
        cut_short_until=None,
        failures=0,
        cooldowns=0,
    )
    log.info("account_switched", account=account, ready=ready)
    return ready


def repaired(account: str) -> None:
    """Somebody has fixed what was refused: the account sends again. A disabled one stays so."""
    down = AccountState.objects.filter(name=account, state=AccountState.State.DOWN)
    ready = AccountState.State.READY
    if down.update(state=ready, not_before=None, cut_short_until=None, failures=0, cooldowns=0):
        log.info("account_switched", account=account, ready=True)


def reset_circuit(account: str) -> None:
    """Clear the account's back-off. If it fails again, the next one is not longer."""
    rows = AccountState.objects.filter(name=account, not_before__isnull=False)
    rows.update(cut_short_until=F("not_before"), not_before=None)
