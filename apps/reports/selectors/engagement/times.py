"""When the letters of a run were opened and clicked: by hour, by day, and by the hour of day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

from django.db.models import Sum
from django.utils import timezone

from apps.mailings.models import EngagementHour, Run, Term

#: What is drawn begins with the run and is no longer than this; nearly all reactions are in it.
DAYS_DRAWN: Final = 30
HOURS_DRAWN: Final = 72
#: What is counted as read where persons are not distinguished.
_KNOWN: Final = frozenset((Term.PERSON, Term.UNCLEAR))

Moment = TypeVar("Moment", date, datetime)
OPEN: Final = EngagementHour.Kind.OPEN
CLICK: Final = EngagementHour.Kind.CLICK


@dataclass(frozen=True, slots=True)
class HourOfDay:
    """What persons did at this hour of the day, in the site's time zone."""

    hour: int
    opens: int
    clicks: int


class Times:
    """The openings and clicks of a run by persons, hour by hour."""

    def __init__(self, rows: Iterable[tuple[datetime, str, int]]) -> None:
        self._hours: dict[str, Counter[datetime]] = {OPEN: Counter(), CLICK: Counter()}
        for hour, kind, count in rows:
            self._hours[kind][timezone.localtime(hour)] += count

    def by_hour(self) -> list[tuple[datetime, int, int]]:
        """Hour, openings and clicks: the first hours in which there are any, and none left out."""
        return self._filled(lambda hour: hour, timedelta(hours=1))[:HOURS_DRAWN]

    def by_day(self) -> list[tuple[date, int, int]]:
        """The same by day."""
        return self._filled(datetime.date, timedelta(days=1))

    def by_hour_of_day(self) -> list[HourOfDay]:
        """All 24 hours of the day; none where nothing was seen."""
        opens, clicks = self._summed(OPEN, _hour_of), self._summed(CLICK, _hour_of)
        if not opens and not clicks:
            return []
        return [HourOfDay(hour, opens[hour], clicks[hour]) for hour in range(24)]

    def _summed(self, kind: str, key: Callable[[datetime], Moment | int]) -> Counter[object]:
        found: Counter[object] = Counter()
        for hour, count in self._hours[kind].items():
            found[key(hour)] += count
        return found

    def _filled(
        self, key: Callable[[datetime], Moment], step: timedelta
    ) -> list[tuple[Moment, int, int]]:
        moments = {key(hour) for counts in self._hours.values() for hour in counts}
        if not moments:
            return []
        opens, clicks = self._summed(OPEN, key), self._summed(CLICK, key)
        moment, last, made = min(moments), max(moments), []
        while moment <= last:
            made.append((moment, opens[moment], clicks[moment]))
            moment += step
        return made


def _hour_of(moment: datetime) -> int:
    return moment.hour


def times_of(run: Run, terms: Iterable[str]) -> Times:
    """What was done in the first days of a run by those of these terms."""
    rows = EngagementHour.objects.filter(run=run, term__in=terms).order_by()
    if run.started_at is not None:
        rows = rows.filter(hour__lt=run.started_at + timedelta(days=DAYS_DRAWN))
    return Times(rows.values_list("hour", "kind", "count"))


def sums_of(run: Run) -> dict[str, dict[str, int]]:
    """Kind of reaction, term, how many there were over all time."""
    rows = EngagementHour.objects.filter(run=run).order_by().values_list("kind", "term")
    found: dict[str, dict[str, int]] = {kind: dict.fromkeys(Term, 0) for kind in (OPEN, CLICK)}
    for kind, term, count in rows.annotate(Sum("count")):
        found[kind][term] = count
    return found


def best_hour(hours: Sequence[HourOfDay]) -> HourOfDay | None:
    """The hour of the day with most openings, else with most clicks."""
    return max(hours, key=lambda one: (one.opens, one.clicks, -one.hour), default=None)
