"""Figures over mailings, from the counters that the ledger keeps: exact, and never a long count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q, Sum, Value
from django.db.models.functions import StrIndex, Substr, TruncDate, TruncHour

from apps.core.contracts import Actor
from apps.core.lists.filters import ChoiceFilter, DayFilter, FilterForm, WordsFilter
from apps.mailings.models import Attempt, Delivery, Mailing, Run
from apps.mailings.selectors.totals import ALWAYS, DELIVERED, NOT_DELIVERED, Figures, Period, Sums
from apps.reports.selectors.attempts import start_of

DOMAINS_SHOWN: Final = 10
DAYS_SHOWN: Final = 14


class ReportFilters(FilterForm):
    """What a report is asked for. ``until`` is included."""

    user = WordsFilter(longest=254)
    status = ChoiceFilter(Mailing.Status.choices)
    since = DayFilter()
    until = DayFilter()


@dataclass(frozen=True, slots=True)
class MailingStats:
    """One mailing with the sums over its runs, or over what was tried of them in the period."""

    mailing: Mailing
    figures: Figures
    runs: int


def asked_sums(actor: Actor, filters: ReportFilters, *, now: datetime) -> Sums:
    """The sums that the filters of a report ask for, archived mailings too: they were sent."""
    rows = Mailing.objects.visible_to(actor).select_related("owner")
    if email := filters.value("user"):
        rows = rows.filter(owner__email=email.lower())
    if status := filters.value("status"):
        rows = rows.filter(status=status)
    return Sums(rows, asked_period(filters, now=now))


def asked_period(filters: ReportFilters, *, now: datetime) -> Period:
    """The days that the filters name, both of them whole."""
    since, until = filters.value("since"), filters.value("until")
    return Period(
        start_of(since) if since is not None else None,
        start_of(until + timedelta(days=1)) if until is not None else None,
        now,
    )


def lines_of(sums: Sums, mailings: Sequence[Mailing]) -> list[MailingStats]:
    """The lines of these mailings: one query for all their runs."""
    found = sums.by_mailing([mailing.pk for mailing in mailings])
    return [MailingStats(mailing, *found[mailing.pk]) for mailing in mailings]


def line_of(mailing: Mailing) -> MailingStats:
    """The line of one mailing, over all its runs."""
    return lines_of(Sums(Mailing.objects.filter(pk=mailing.pk), ALWAYS), [mailing])[0]


def last_days(actor: Actor, today: date) -> list[tuple[date, int, int]]:
    """Day of the start, sent, not delivered, over the runs of the last ``DAYS_SHOWN`` days."""
    first = today - timedelta(days=DAYS_SHOWN - 1)
    rows = Run.objects.visible_to(actor).filter(started_at__gte=start_of(first)).order_by()
    days = rows.annotate(day=TruncDate("started_at")).values_list("day")
    sums = days.annotate(
        good=sum((Sum(state, default=0) for state in DELIVERED[1:]), Sum(DELIVERED[0], default=0)),
        bad=sum(
            (Sum(state, default=0) for state in NOT_DELIVERED[1:]), Sum(NOT_DELIVERED[0], default=0)
        ),
    )
    found = {day: (good, bad) for day, good, bad in sums}
    every = (first + timedelta(days=number) for number in range(DAYS_SHOWN))
    return [(day, *found.get(day, (0, 0))) for day in every] if found else []


def by_day(mailing: Mailing) -> list[tuple[Any, int, int]]:
    """Day, deliveries that were sent, and that were not delivered; in the site's time zone."""
    return _over_time(mailing, TruncDate("created_at"))


def by_hour(mailing: Mailing) -> list[tuple[Any, int, int]]:
    """The same by the hour, the last 72 hours in which something happened."""
    return _over_time(mailing, TruncHour("created_at"))[-72:]


def _over_time(mailing: Mailing, moment: TruncDate | TruncHour) -> list[tuple[Any, int, int]]:
    """Each delivery once, at its last attempt: the sums are those of the figures above."""
    rows = Attempt.objects.filter(mailing=mailing, kind=Attempt.Kind.DELIVERY).order_by()
    later = Attempt.objects.filter(
        delivery_id=OuterRef("delivery_id"), kind=Attempt.Kind.DELIVERY, pk__gt=OuterRef("pk")
    )
    rows = rows.filter(~Exists(later), delivery__state__in=(*DELIVERED, *NOT_DELIVERED))
    found = rows.annotate(moment=moment).values("moment")
    good = Q(delivery__state__in=DELIVERED)
    counted = found.annotate(good=Count("pk", filter=good), bad=Count("pk", filter=~good))
    return [(row["moment"], row["good"], row["bad"]) for row in counted.order_by("moment")]


def by_domain(run: Run) -> list[tuple[str, int, int]]:
    """Domain of the address, sent, not delivered in a run; the largest, then the others."""
    at = StrIndex("address", Value("@"))
    rows = Delivery.objects.filter(run=run, address__contains="@")
    found = rows.order_by().annotate(domain=Substr("address", at + 1)).values("domain")
    counted = found.annotate(
        good=Count("pk", filter=Q(state__in=DELIVERED)),
        bad=Count("pk", filter=Q(state__in=NOT_DELIVERED)),
    )
    lines = [(row["domain"], row["good"], row["bad"]) for row in counted]
    lines = [line for line in lines if line[1] or line[2]]
    lines.sort(key=lambda line: -(line[1] + line[2]))
    rest = lines[DOMAINS_SHOWN:]
    shown = lines[:DOMAINS_SHOWN]
    if rest:
        shown.append(("…", sum(line[1] for line in rest), sum(line[2] for line in rest)))
    return shown
