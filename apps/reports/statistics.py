"""Figures over mailings, from the counters that the ledger keeps: exact, and never a long count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet, Sum, Value
from django.db.models.functions import StrIndex, Substr, TruncDate, TruncHour
from django.utils import timezone

from apps.core.contracts import Actor
from apps.core.models import OwnedQuerySet
from apps.mailings.models import Attempt, Delivery, Mailing, Run
from apps.mailings.models.ledger import STATES
from apps.mailings.totals import LOST, SERVED
from apps.reports.attempts import day_of

FILTERS: Final = ("user", "status", "since", "until")
DOMAINS_SHOWN: Final = 10
DAYS_SHOWN: Final = 14


@dataclass(frozen=True, slots=True)
class Line:
    """One mailing with the sums over all its runs."""

    mailing: Mailing
    counts: dict[str, int]
    runs: int

    @property
    def audience(self) -> int:
        return sum(self.counts.values())

    @property
    def served(self) -> int:
        return sum(self.counts[state] for state in SERVED)

    @property
    def lost(self) -> int:
        return sum(self.counts[state] for state in LOST)

    @property
    def share(self) -> int | None:
        """Served of all that were tried, in whole percent."""
        tried = self.served + self.lost
        return self.served * 100 // tried if tried else None


def found_mailings(actor: Actor, params: Mapping[str, str]) -> OwnedQuerySet[Mailing]:
    """The mailings that the filters of a report describe, archived ones too: they were sent."""
    rows = Mailing.objects.visible_to(actor).select_related("owner")
    if email := params.get("user", "").replace("\x00", "").strip().lower()[:254]:
        rows = rows.filter(owner__email=email)
    if params.get("status") in Mailing.Status.values:
        rows = rows.filter(status=params["status"])
    since, until = day_of(params.get("since", "")), day_of(params.get("until", ""))
    if since is not None:
        start = timezone.make_aware(datetime.combine(since, time.min))
        rows = rows.filter(starts_at__gte=start)
    if until is not None:
        end = timezone.make_aware(datetime.combine(until + timedelta(days=1), time.min))
        rows = rows.filter(starts_at__lt=end)
    return rows


def lines_of(mailings: Sequence[Mailing]) -> list[Line]:
    """The lines of these mailings: one query for all their runs."""
    sums = {state: Sum(state, default=0) for state in STATES}
    rows = Run.objects.filter(mailing__in=mailings).order_by().values("mailing_id")
    found: dict[int, Any] = {
        row["mailing_id"]: row for row in rows.annotate(**sums, runs=Count("pk"))
    }
    nothing: dict[str, int] = dict.fromkeys((*STATES, "runs"), 0)
    return [
        Line(
            mailing,
            {state: found.get(mailing.pk, nothing)[state] for state in STATES},
            found.get(mailing.pk, nothing)["runs"],
        )
        for mailing in mailings
    ]


def by_owner(mailings: QuerySet[Mailing]) -> list[dict[str, Any]]:
    """Served and lost per user, the busiest first, at most 50."""
    served = sum((F(state) for state in SERVED[1:]), F(SERVED[0]))
    lost = sum((F(state) for state in LOST[1:]), F(LOST[0]))
    rows = Run.objects.filter(mailing__in=mailings.order_by().values("pk")).order_by()
    found = rows.values(owner=F("mailing__owner__email")).annotate(
        served=Sum(served, default=0), lost=Sum(lost, default=0)
    )
    return [
        {**row, "share": row["served"] * 100 // (row["served"] + row["lost"] or 1)}
        for row in found.order_by("-served")[:50]
    ]


def last_days(actor: Actor, today: date) -> list[tuple[date, int, int]]:
    """Day of the start, served, lost, over the runs of the last ``DAYS_SHOWN`` days."""
    first = today - timedelta(days=DAYS_SHOWN - 1)
    since = timezone.make_aware(datetime.combine(first, time()))
    served = sum((F(state) for state in SERVED[1:]), F(SERVED[0]))
    lost = sum((F(state) for state in LOST[1:]), F(LOST[0]))
    rows = Run.objects.visible_to(actor).filter(started_at__gte=since).order_by()
    days = rows.annotate(day=TruncDate("started_at")).values_list("day")
    sums = days.annotate(served=Sum(served, default=0), lost=Sum(lost, default=0))
    found = {day: (good, bad) for day, good, bad in sums}
    every = (first + timedelta(days=number) for number in range(DAYS_SHOWN))
    return [(day, *found.get(day, (0, 0))) for day in every] if found else []


def by_day(mailing: Mailing) -> list[tuple[Any, int, int]]:
    """Day, hand-overs that succeeded, that failed; in the site's time zone."""
    return _over_time(mailing, TruncDate("created_at"))


def by_hour(mailing: Mailing) -> list[tuple[Any, int, int]]:
    """The same by the hour, the last 72 hours in which something happened."""
    return _over_time(mailing, TruncHour("created_at"))[-72:]


def _over_time(mailing: Mailing, moment: TruncDate | TruncHour) -> list[tuple[Any, int, int]]:
    rows = Attempt.objects.filter(mailing=mailing, kind=Attempt.Kind.DELIVERY).order_by()
    good = Q(status=Attempt.Status.SUCCESS)
    found = rows.annotate(moment=moment).values("moment")
    counted = found.annotate(good=Count("pk", filter=good), bad=Count("pk", filter=~good))
    return [(row["moment"], row["good"], row["bad"]) for row in counted.order_by("moment")]


def by_domain(mailing: Mailing) -> list[tuple[str, int, int]]:
    """Domain of the address, served, lost in the current run; the largest, then the others."""
    at = StrIndex("address", Value("@"))
    rows = Delivery.objects.filter(
        run__mailing=mailing, run__number=mailing.current_run, address__contains="@"
    )
    found = rows.order_by().annotate(domain=Substr("address", at + 1)).values("domain")
    counted = found.annotate(
        good=Count("pk", filter=Q(state__in=SERVED)), bad=Count("pk", filter=Q(state__in=LOST))
    )
    lines = [(row["domain"], row["good"], row["bad"]) for row in counted]
    lines.sort(key=lambda line: -(line[1] + line[2]))
    rest = lines[DOMAINS_SHOWN:]
    shown = lines[:DOMAINS_SHOWN]
    if rest:
        shown.append(("…", sum(line[1] for line in rest), sum(line[2] for line in rest)))
    return shown
