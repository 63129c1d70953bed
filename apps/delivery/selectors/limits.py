"""What a user may send in a day, and how much of that is used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from apps.delivery.limit_periods import bounds
from apps.delivery.models import LimitWindow
from apps.users.selectors import is_on_probation


@dataclass(frozen=True, slots=True)
class DailyUse:
    """Messages of today against the limit over all accounts; a limit of 0 is none."""

    used: int
    limit: int


def day_limit_of(owner_id: int) -> int:
    """How many this user may send in a day, over all accounts. 0: any number."""
    usual, new = settings.LIMIT_PER_USER_DAY, settings.LIMIT_PER_NEW_USER_DAY
    if new and (not usual or new < usual) and is_on_probation(owner_id):
        return int(new)
    return int(usual)


def daily_use(owner_id: int, now: datetime) -> DailyUse:
    """Today's use, counted where a limit is."""
    window = LimitWindow.objects.filter(
        owner_id=owner_id, period="day", starts_at=bounds("day", now)[0]
    )
    return DailyUse(window.values_list("used", flat=True).first() or 0, day_limit_of(owner_id))
