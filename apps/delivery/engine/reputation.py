"""Alerts and stops by the spam complaints about what an account sends from a domain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

import structlog
from django.db import transaction

from apps.core.audit.acts import Act
from apps.core.audit.log import Object, record
from apps.core.responses.stored import NOTHING, Response
from apps.delivery.selectors.reputation import (
    JUDGED_DAYS,
    DayFigures,
    figures_since,
    stop_percent,
)
from apps.mailings.horizon import Horizon
from apps.mailings.ledger import dialect, reputation
from apps.mailings.ledger.sending_pauses import CASES, SAMPLE
from apps.mailings.models import Reputation
from apps.mailings.wait_reasons import rate_too_high
from apps.users.notifications import NewNotification, notify
from apps.users.selectors import overseers

log = structlog.get_logger(__name__)

#: The share that Gmail wants mailings to stay below; above it managers are notified.
ALERT_PERCENT: Final = 0.1

_horizon = Horizon()


def watch(now: datetime, stopping: Callable[[], bool] = lambda: False) -> None:
    """Count what has left since the last look, then judge every account and domain."""
    while reputation.count_attempts(_horizon.safe_id()):
        if stopping():
            return
    today = now.astimezone(UTC).date()
    found = figures_since(today - timedelta(days=JUDGED_DAYS - 1))
    rows = {(one.account, one.domain): one for one in Reputation.objects.all()}
    for account, domain in sorted({*found, *rows}):
        key = account, domain
        row = rows.get(key) or Reputation(account=account, domain=domain)
        if domain and not _is_settled(row, found.get(key, []), now):
            _judge(account, domain, found.get(key, []), now)


def allow(account: str, domain: str) -> bool:
    """Let the account send again for a manager. False: it was not stopped."""
    with transaction.atomic():
        allowed = reputation.allow(account, domain, dialect.database_now())
        if allowed:
            about = Object("delivery.accountstate", name=account)
            record(Act.PAUSE_LIFTED, about, details={"domain": domain})
    if allowed:
        log.info("complaints_excused", account=account, domain=domain)
    return allowed


def is_too_much(figures: Sequence[DayFigures], percent: float) -> bool:
    """True if more than so many percent of these emails were complained about.

    Of fewer emails no share is judged, nor one that so few cases make.
    """
    messages = sum(one.messages for one in figures)
    complaints = sum(one.complaints for one in figures)
    return messages >= SAMPLE and complaints >= CASES and 100 * complaints > percent * messages


def _is_settled(row: Reputation, figures: Sequence[DayFigures], now: datetime) -> bool:
    """True if the row says already what these figures ask for: nothing is locked for that."""
    counted = _counted(row, figures)
    if is_too_much(counted, ALERT_PERCENT) and row.alerted_on != now.astimezone(UTC).date():
        return False
    percent = stop_percent()
    if not percent or not is_too_much(counted, percent):
        return row.until is None
    stands = (row.detail, row.until)
    return stands == (_detail(counted, percent), _too_old_at(counted, percent))


def _counted(row: Reputation, figures: Sequence[DayFigures]) -> list[DayFigures]:
    """Those that a manager has not excused."""
    return [one for one in figures if row.excused_on is None or one.day > row.excused_on]


@transaction.atomic
def _judge(account: str, domain: str, figures: Sequence[DayFigures], now: datetime) -> None:
    """Under the lock of the row: several processes may look at the same time."""
    made, _new = Reputation.objects.get_or_create(account=account, domain=domain)
    row = Reputation.objects.select_for_update().get(pk=made.pk)
    counted = _counted(row, figures)
    if is_too_much(counted, ALERT_PERCENT):
        _alert(row, counted, now)
    percent = stop_percent()
    if percent and is_too_much(counted, percent):
        _stop(row, counted, percent, now)
    elif row.until is not None:
        _end(row, now)


def _alert(row: Reputation, figures: Sequence[DayFigures], now: datetime) -> None:
    """Notify those who oversee, once a day at most."""
    today = now.astimezone(UTC).date()
    if row.alerted_on == today:
        return
    row.alerted_on = today
    row.save()
    detail = _detail(figures, ALERT_PERCENT)
    about = {"account": row.account, "domain": row.domain}
    log.warning("complaints_high", **about, figures=detail)
    share = f"{_share(figures):.2f}"
    _notify("complaints_high", {**about, "detail": detail, "share": share}, mark=str(today))


def _stop(row: Reputation, figures: Sequence[DayFigures], percent: float, now: datetime) -> None:
    begins = row.until is None
    before = (row.detail, row.until)
    row.detail, row.until = _detail(figures, percent), _too_old_at(figures, percent)
    if begins:
        row.began_at = now
    if before == (row.detail, row.until):
        return
    row.save()
    if begins:
        about = {"account": row.account, "domain": row.domain}
        until = row.until.isoformat()
        log.warning("complaints_stopped", **about, until=until, figures=row.detail)
        facts = {**about, "detail": row.detail, "until": until}
        _notify("complaints_stopped", facts, mark=f"stop:{row.began_at}")


def _end(row: Reputation, now: datetime) -> None:
    row.detail, row.until, row.began_at = NOTHING, None, None
    row.save()
    reputation.wake(row.account, now)
    log.info("complaints_stop_over", account=row.account, domain=row.domain)


def _detail(figures: Sequence[DayFigures], percent: float) -> Response:
    complaints = sum(one.complaints for one in figures)
    return rate_too_high(complaints, sum(one.messages for one in figures), percent)


def _share(figures: Sequence[DayFigures]) -> float:
    complaints = sum(one.complaints for one in figures)
    return 100 * complaints / sum(one.messages for one in figures)


def _too_old_at(figures: Sequence[DayFigures], percent: float) -> datetime:
    """When so many of these days are too old to count that the rest is not too much."""
    left = sorted(figures, key=lambda one: one.day)
    while is_too_much(left, percent):
        last = left.pop(0).day
    return datetime.combine(last + timedelta(days=JUDGED_DAYS), time(), UTC)


def _notify(code: str, facts: dict[str, str], *, mark: str) -> None:
    key = f"{code}:{facts['account']}:{facts['domain']}"
    notify(
        NewNotification(owner_id, code, key, dict(facts), mark=mark)
        for owner_id in overseers().values_list("pk", flat=True)
    )
