"""The periods that limits are counted in, and how much of them is used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from apps.delivery.models import LimitWindow

_LENGTH = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
}


def bounds(period: str, now: datetime) -> tuple[datetime, datetime]:
    """Return the bounds of the period that holds ``now``. Days and months: the site's time zone."""
    if period in _LENGTH:
        length = _LENGTH[period]
        start = now.astimezone(UTC)
        start -= timedelta(seconds=start.timestamp() % length.total_seconds())
        return start, start + length
    local = timezone.localtime(now)
    first = local.date().replace(day=1) if period == "month" else local.date()
    step = timedelta(days=32 if period == "month" else 1)
    following = (first + step).replace(day=1) if period == "month" else first + step
    zone = timezone.get_default_timezone()
    start, end = (
        datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        for day in (first, following)
    )
    return start, end


def used_now(account_id: int, limits: dict[str, int], now: datetime) -> dict[str, int]:
    """What is used of each of the account's limits in the periods that run now, for its page."""
    starts = {name: bounds(name, now)[0] for name in limits}
    if not starts:
        return {}
    match = Q()
    for name, start in starts.items():
        match |= Q(period=name, starts_at=start)
    rows = LimitWindow.objects.filter(match, account_id=account_id)
    return {name: 0 for name in limits} | dict(rows.values_list("period", "used"))
