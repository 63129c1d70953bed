"""Times of the day where the recipient lives, whatever the clocks there do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings

from apps.mailings.attribute_values import AttributeKind
from apps.mailings.models import AttributeDefinition

ALL_WEEK: Final = range(7)
_DATE: Final = AttributeKind(AttributeDefinition.Kind.DATE)


def zone_of(own: str, of_owner: str) -> ZoneInfo:
    """The recipient's zone, else the owner's, else that of the installation."""
    return ZoneInfo(own or of_owner or settings.TIME_ZONE)


def moment_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment at which clocks there show this time; where they leap over it, just after."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(ZoneInfo("UTC"))


def next_moment(
    now: datetime, zone: ZoneInfo, at: time, weekdays: Collection[int] = ALL_WEEK
) -> datetime:
    """The next such time on one of these days (Monday is 0), at ``now`` at the earliest."""
    day = now.astimezone(zone).date()
    while True:
        moment = moment_of(day, at, zone)
        if moment >= now and day.weekday() in weekdays:
            return moment
        day += timedelta(days=1)


def missed(due_at: datetime, now: datetime) -> bool:
    """Is the moment past for so long that it is not made up for?"""
    return now - due_at > timedelta(minutes=settings.MISSED_START_MINUTES)


def date_in(attributes: dict[str, Any], name: str) -> date | None:
    """The date that a custom field holds, if it can be read as one."""
    found = _DATE.read(attributes.get(name))
    return date.fromisoformat(found) if isinstance(found, str) and found else None


def days_alike(day: date) -> Sequence[str]:
    """How the dates end, month and day, whose anniversary this day is: 29 February has one on the
    28th of other years."""
    alike = [day.strftime("-%m-%d")]
    leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
    if (day.month, day.day) == (2, 28) and not leap:
        alike.append("-02-29")
    return alike
