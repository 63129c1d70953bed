"""Sending at an hour of each recipient's own day: when it begins and ends in every zone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.utils import timezone

from apps.core.values.opening_hours import OpeningHours
from apps.core.values.time_zones import city_of
from apps.mailings.ledger.claim_in_hours import zone_of

#: So long after its hour a recipient may still be sent to.
LENGTH: Final = timedelta(hours=3)
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """Start, end and hours of a mailing that comes at one hour of each recipient's day.

    ``late`` are the zones in which that hour is over already: they get it a day later.
    """

    starts_at: datetime
    ends_at: datetime
    opens: time
    closes: time
    late: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """When the recipients of one zone can first be sent to; None when not before the end."""

    zone: str
    count: int
    at: datetime | None

    @property
    def city(self) -> str:
        """The zone as people call it."""
        return city_of(zone_of(self.zone).key)

    @property
    def day(self) -> date | None:
        """The day on which they get it, by their own calendar."""
        return self.at.astimezone(zone_of(self.zone)).date() if self.at else None


def plan_for(zones: Iterable[str], *, day: date, hour: time, now: datetime) -> Plan:
    """From that hour in the easternmost zone to the end of the hours in the westernmost one.

    ``zones`` are those of the audience; without any it is the zone of now.
    """
    names = list(zones) or [timezone.get_current_timezone_name()]
    begins = {name: datetime.combine(day, hour, tzinfo=zone_of(name)) for name in names}
    late = tuple(sorted(name for name, at in begins.items() if at + LENGTH <= now))
    for name in late:
        tomorrow = day + timedelta(days=1)
        begins[name] = datetime.combine(tomorrow, hour, tzinfo=zone_of(name))
    soonest = now.replace(second=0, microsecond=0) + _MINUTE
    first = max(min(begins.values(), key=_instant).astimezone(UTC), soonest.astimezone(UTC))
    last = max(begins.values(), key=_instant).astimezone(UTC) + LENGTH
    return Plan(first, last, *hours_from(hour), late)


def hours_from(hour: time) -> tuple[time, time]:
    """From when to when who is sent to at this hour may be sent to."""
    return hour, (datetime.combine(date(2000, 1, 1), hour) + LENGTH).time()


def day_of(starts_at: datetime, ends_at: datetime, opens: time, closes: time) -> date | None:
    """The day that ``plan_for`` was asked for; None when these were not made by it."""
    spread = ends_at - starts_at - LENGTH
    if (opens, closes) != hours_from(opens) or not timedelta(0) <= spread <= timedelta(hours=26):
        return None
    moment = starts_at.astimezone(UTC)
    for quarters in range(14 * 4, -12 * 4 - 1, -1):  # from the easternmost offset there is
        local = moment + timedelta(minutes=15 * quarters)
        if local.time() == opens:
            return local.date()
    return None


def next_opening(zone: str, opens: time, closes: time, moment: datetime) -> datetime | None:
    """When a recipient of this zone can first be sent to from ``moment`` on, as claims see it."""
    return OpeningHours(zone_of(zone), opens, closes).next_opening(moment)


def openings(
    zones: Mapping[str, int], *, opens: time, closes: time, starts_at: datetime, ends_at: datetime
) -> list[Opening]:
    """When each zone of the audience has its hours, the first of them first; the too late last."""
    found = []
    for name, count in zones.items():
        at = next_opening(name, opens, closes, starts_at)
        found.append(Opening(name, count, at if at is not None and at < ends_at else None))
    return sorted(found, key=lambda one: (one.at is None, one.at or ends_at, one.zone))


def later_days(found: Sequence[Opening]) -> list[Opening]:
    """Those that have it on a later day of their own than the others."""
    days = [(one, day) for one in found if (day := one.day) is not None]
    first = min((day for _one, day in days), default=None)
    return [one for one, day in days if day != first]


def _instant(moment: datetime) -> datetime:
    """Moments of one zone are compared by their clocks, which the nights of a change repeat."""
    return moment.astimezone(UTC)
