"""An account in trouble: it rests, or waits for a person. No recipient is burnt for it."""

from __future__ import annotations

import structlog

from apps.core.contracts import Blame, Outcome, Verdict
from apps.delivery.accounts import state_row
from apps.delivery.engine.retry import pause_after
from apps.delivery.models import Account
from apps.mailings.ledger import runs
from apps.mailings.models import Run

log = structlog.get_logger(__name__)


def gave_up(outcome: Outcome) -> bool:
    """The channel as a whole could not send: not this recipient's affair."""
    return outcome.verdict is Verdict.UNSENT and outcome.blame is not Blame.RECIPIENT


def in_service(account: str) -> bool:
    """May the account be used, as far as people have decided?"""
    return state_row(account).state == Account.State.READY


def take_out(run: runs.LockedRun, trouble: Outcome, *, base: float) -> None:
    """The way out is down: put the run off, and the account out of service for a while.

    A refused log-in waits for a person; anything else for ``base`` x 2^n seconds, at most an hour.
    """
    row = Account.objects.select_for_update().get(pk=state_row(run.account).pk)
    row.last_error, row.last_error_at = trouble.response[:500], run.now
    row.failures += 1
    if trouble.blame is Blame.ACCOUNT:
        row.state = Account.State.DOWN
        runs.defer(run, Run.Reason.ACCOUNT_DISABLED, None, trouble.response)
    else:
        row.not_before = run.now + pause_after(row.failures, base=base)
        runs.defer(run, Run.Reason.CHANNEL_DOWN, row.not_before, trouble.response)
    row.save()
    log.error(
        "account_trouble",
        account=run.account,
        state=row.state,
        failures=row.failures,
        error=trouble.response,
    )


def recovered(account: str) -> None:
    """Something was sent: the failures are forgotten."""
    Account.objects.filter(name=account, failures__gt=0).update(failures=0, not_before=None)
