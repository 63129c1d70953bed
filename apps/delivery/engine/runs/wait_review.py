"""Waits for hours and limits that were declared otherwise when they began: they end with the cause.

The declarations come from ``.env``, so they change while nobody serves: every start looks, and
every round that puts things in order.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction

from apps.core.errors import Refused
from apps.delivery.accounts import declared, state_row
from apps.delivery.limit_periods import used_now
from apps.delivery.selectors.limits import day_limit_of
from apps.delivery.sending_account import SendingAccount
from apps.mailings.ledger import runs
from apps.mailings.models import Run
from apps.mailings.wait_reasons import full_limit, reasons_that

log = structlog.get_logger(__name__)

_REASONS = reasons_that(lambda wait: wait.wakes_on == "settings")


def review() -> int:
    """Resume every run whose working hours and limits allow it now. Return how many."""
    waiting = Run.objects.filter(state=Run.State.DEFERRED, reason__in=_REASONS)
    return sum(_review_run(run_id) for run_id in list(waiting.values_list("pk", flat=True)))


@transaction.atomic
def _review_run(run_id: int) -> bool:
    run = runs.lock(run_id)
    if run is None or run.state != Run.State.DEFERRED:
        return False
    row = Run.objects.only("reason", "reason_detail", "deferred_until").get(pk=run_id)
    try:
        account = declared(run.account)
    except Refused:  # declared no more: that is found out when it is its turn
        return False
    if row.reason == Run.Reason.OUTSIDE_HOURS:
        return _by_hours(run, account, row.deferred_until)
    per_user = day_limit_of(run.owner_id)
    detail = row.reason_detail
    if row.reason == Run.Reason.RATE_LIMIT and _limit_lifted(account, detail, run.now, per_user):
        runs.enqueue(run)
        return True
    return False


def _by_hours(run: runs.LockedRun, account: SendingAccount, until: datetime) -> bool:
    opening = account.hours.next_opening(run.now) if account.hours else run.now
    if opening is None or opening >= until:
        return False
    if opening > run.now:
        runs.defer(run, Run.Reason.OUTSIDE_HOURS, opening)
        return False
    runs.enqueue(run)
    return True


def _limit_lifted(account: SendingAccount, detail: str, now: datetime, per_user: int) -> bool:
    """True if the limit that was full has changed and has room."""
    full = full_limit(detail)
    if full is None:  # what a provider has asked for does not stand in .env
        return False
    if full.of_user:
        return not per_user or per_user > full.limit
    if account.warmup_first:
        return False  # a warm-up moves on its own
    period = full.period
    limit = account.limits.get(period, 0)
    return not limit or used_now(state_row(account.name).pk, {period: limit}, now)[period] < limit
