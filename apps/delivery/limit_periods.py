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


def warm_up_limit(account_id: int, first: int, percent: int, day: datetime) -> int:
    """The limit of this day of an account that warms up: every day on which something was sent lets
    the next one be larger."""
    earlier = LimitWindow.objects.filter(
        account_id=account_id, period="day", starts_at__lt=day, used__gt=0
    ).count()
    grown = first * (1 + percent / 100) ** min(earlier, 100)
    return int(min(grown, 10**9))


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
