"""When something may be sent: hours of a day, weekdays and days off, in one time zone.

Whether it is open is only ever decided forwards, from an instant to the wall clock, which is never
ambiguous. The next opening or closing is looked for on the axis of real time, so that a night with
two 2:30s, or with none, needs no rule of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

#: How far ahead an opening is looked for: longer than any row of holidays.
_DAYS_AHEAD = 400
_DAY = timedelta(days=1)
_EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True)
class OpeningHours:
    """Open from ``opens`` until just before ``closes``, on ``weekdays`` (0 is Monday).

    ``closes`` before ``opens`` runs past midnight and belongs to the day on which it opened. Equal
    times are open all day.
    """

    zone: ZoneInfo
    opens: time = time(0)
    closes: time = time(0)
    weekdays: frozenset[int] = _EVERY_DAY
    days_off: Container[date] = ()

    def is_open(self, moment: datetime) -> bool:
        local = moment.astimezone(self.zone)
        clock, day = local.time(), local.date()
        if self.opens < self.closes:
            return self.opens <= clock < self.closes and self._works(day)
        if clock >= self.opens:
            return self._works(day)
        return clock < self.closes and self._works(day - _DAY)

    def next_opening(self, moment: datetime) -> datetime | None:
        """``moment`` itself when it is open then, else the next opening. None: never."""
        if self.is_open(moment):
            return moment
        return self._first(moment, self.is_open)

    def next_closing(self, moment: datetime) -> datetime | None:
        """The first closed instant from ``moment`` on. None: it never closes."""
        if not self.is_open(moment):
            return moment
        if self.opens == self.closes and self.weekdays == _EVERY_DAY and self.days_off == ():
            return None
        return self._first(moment, lambda at: not self.is_open(at))

    def _works(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.days_off

    def _first(self, moment: datetime, wanted: Callable[[datetime], bool]) -> datetime | None:
        """The first instant after ``moment`` at which the answer can have changed to the wanted."""
        start = moment.astimezone(UTC)
        for ahead in range(_DAYS_AHEAD):
            day = start.astimezone(self.zone).date() + timedelta(days=ahead)
            for at in sorted(set(self._turns(day))):
                if at > start and wanted(at):
                    return at
        return None

    def _turns(self, day: date) -> Iterator[datetime]:
        """Every instant of a local day at which it can open or close."""
        for wall in {self.opens, self.closes, time(0)}:
            for fold in (0, 1):
                local = datetime.combine(day, wall, tzinfo=self.zone).replace(fold=fold)
                yield local.astimezone(UTC)
        noon = datetime.combine(day, time(12), tzinfo=UTC)
        for change in _clock_changes(self.zone, noon):
            if change.astimezone(self.zone).date() == day:  # one of a later day has its turn then
                yield change


@lru_cache(maxsize=4096)
def _clock_changes(zone: ZoneInfo, noon: datetime) -> tuple[datetime, ...]:
    """The instants around a day at which the zone's clocks were put forward or back."""
    low, high = noon - 2 * _DAY, noon + 2 * _DAY
    changes = []
    step = timedelta(hours=6)
    while low < high:
        if _offset(zone, low) != _offset(zone, low + step):
            changes.append(_change_between(zone, low, low + step))
        low += step
    return tuple(changes)


def _change_between(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The first second with the new offset."""
    before = _offset(zone, low)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low).total_seconds() // 2)
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    return high


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()
