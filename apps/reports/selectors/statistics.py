"""Figures over mailings, from the counters that the ledger keeps: exact, and never a long count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import NullIf, StrIndex, Substr, TruncDate, TruncHour
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.contracts import Actor
from apps.core.lists.filters import ChoiceFilter, DayFilter, FilterForm, WordsFilter
from apps.core.lists.table import TableColumn
from apps.mailings.models import Attempt, Delivery, Mailing, Run
from apps.mailings.models.ledger import STATES
from apps.mailings.selectors.engagement.reactions import Reactions, reactions_by_mailing
from apps.mailings.selectors.mailings import standings_of
from apps.mailings.selectors.standing import Standing
from apps.mailings.selectors.totals import (
    ALWAYS,
    DELIVERED,
    REMAINING,
    SENT,
    SKIPPED,
    TRIED,
    Figures,
    Period,
    Sums,
    percent,
    sum_of,
)
from apps.reports.selectors.attempts import start_of

DOMAINS_SHOWN: Final = 10
DAYS_SHOWN: Final = 14


class ReportFilters(FilterForm):
    """What a report is asked for. ``until`` is included."""

    user = WordsFilter(longest=254)
    status = ChoiceFilter([("", _("any status")), *Mailing.Status.choices], label=_("Status"))
    since = DayFilter(label=_("From"))
    until = DayFilter(label=_("To"))


class AllReportFilters(ReportFilters):
    """What a manager asks for: also one user's."""

    user = WordsFilter(longest=254, label=_("User’s email"), suggested="people")


#: What each figure of a table is the sum of, so that the table can be sorted by it.
FIGURES: Final[dict[str, tuple[str, ...]]] = {
    "audience": STATES,
    "sent": SENT,
    "bounced": ("bounced",),
    "failed": ("failed",),
    "skipped": SKIPPED,
    "unknown": ("unknown",),
    "remaining": REMAINING,
}
#: What people call the figures of a table; of its columns, "confirmed" and "not delivered" are not.
FIGURE_NAMES: Final = {
    "audience": _("Audience"),
    "sent": pgettext_lazy("figure", "Sent"),
    "confirmed": _("of these confirmed delivered"),
    "bounced": _("of these bounced"),
    "failed": pgettext_lazy("figure", "Failed"),
    "skipped": pgettext_lazy("figure", "Skipped"),
    "unknown": pgettext_lazy("figure", "Unknown"),
    "remaining": pgettext_lazy("figure", "Remaining"),
    "not_delivered": _("Not delivered"),
    "rate": _("Delivery rate"),
    "opened": _("Opened (persons)"),
    "clicked": pgettext_lazy("figure", "Clicked"),
}
FIGURE_COLUMNS: Final = [
    *(
        TableColumn(name=name, label=FIGURE_NAMES[name], number=True, sort=f"of_{name}")
        for name in FIGURES
    ),
    TableColumn(name="rate", label=FIGURE_NAMES["rate"], number=True, sort="of_rate", phone="side"),
    TableColumn(name="opened", label=FIGURE_NAMES["opened"], number=True),
    TableColumn(name="clicked", label=FIGURE_NAMES["clicked"], number=True),
]


def figure_order(sums: Sums, name: str) -> dict[str, Combinable]:
    """The annotation by which rows are sorted by this figure; none for other columns."""
    if name == "rate":
        tried = NullIf(sums.expression(TRIED), Value(0))
        return {"of_rate": sums.expression(DELIVERED) * Value(1_000_000) / tried}
    return {f"of_{name}": sums.expression(FIGURES[name])} if name in FIGURES else {}


@dataclass(frozen=True, slots=True)
class MailingStats:
    """One mailing with the sums over its runs, or over what was tried of them in the period.

    ``reactions`` are those of its measured runs; None where none was measured.
    """

    mailing: Mailing
    standing: Standing
    figures: Figures
    runs: int
    reactions: Reactions | None


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
    """The lines of these mailings: a query each for their runs, the measured and the current."""
    ids = [mailing.pk for mailing in mailings]
    found, reactions = sums.by_mailing(ids), reactions_by_mailing(ids, sums.period)
    standings = standings_of(mailings, timezone.now())
    return [
        MailingStats(mailing, standings[mailing.pk], *found[mailing.pk], reactions.get(mailing.pk))
        for mailing in mailings
    ]


def line_of(mailing: Mailing) -> MailingStats:
    """The line of one mailing, over all its runs."""
    return lines_of(Sums(Mailing.objects.filter(pk=mailing.pk), ALWAYS), [mailing])[0]


def last_days(actor: Actor, today: date) -> list[tuple[date, int, int]]:
    """Day of the start, sent, failed, over the runs of the last ``DAYS_SHOWN`` days."""
    first = today - timedelta(days=DAYS_SHOWN - 1)
    rows = Run.objects.visible_to(actor).filter(started_at__gte=start_of(first)).order_by()
    days = rows.annotate(day=TruncDate("started_at")).values_list("day")
    sums = days.annotate(
        good=Sum(sum_of(SENT), default=0),
        bad=Sum("failed", default=0),
    )
    found = {day: (good, bad) for day, good, bad in sums}
    every = (first + timedelta(days=number) for number in range(DAYS_SHOWN))
    return [(day, *found.get(day, (0, 0))) for day in every] if found else []


def by_day(mailing: Mailing) -> list[tuple[Any, int, int]]:
    """Day, deliveries that were sent, and that failed; in the site's time zone."""
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
    rows = rows.filter(~Exists(later), delivery__state__in=(*SENT, "failed"))
    found = rows.annotate(moment=moment).values("moment")
    good = Q(delivery__state__in=SENT)
    counted = found.annotate(good=Count("pk", filter=good), bad=Count("pk", filter=~good))
    return [(row["moment"], row["good"], row["bad"]) for row in counted.order_by("moment")]


def by_domain(run: Run) -> list[tuple[str, dict[str, int]]]:
    """Domain of the address and its counts by state: the largest domains of a run, then the others
    together under no name."""
    at = StrIndex("address", Value("@"))
    rows = Delivery.objects.filter(run=run, address__contains="@", state__in=TRIED)
    found = rows.order_by().annotate(domain=Substr("address", at + 1)).values_list("domain")
    domains: dict[str, Counter[str]] = {}
    for domain, state, count in found.values_list("domain", "state", Count("pk")):
        domains.setdefault(domain, Counter())[state] += count
    largest = sorted(domains.items(), key=lambda item: (-item[1].total(), item[0]))
    shown = [(domain, dict(counts)) for domain, counts in largest[:DOMAINS_SHOWN]]
    rest = sum((counts for _domain, counts in largest[DOMAINS_SHOWN:]), Counter())
    return [*shown, ("", dict(rest))] if rest else shown


@dataclass(frozen=True, slots=True)
class DomainRow:
    """The figures of one domain; without a name: of all that are not shown.

    ``opened`` and ``clicked`` count persons.
    """

    domain: str
    figures: Figures
    opened: int = 0
    clicked: int = 0

    @property
    def opened_rate(self) -> float | None:
        """Opened by persons, in percent of the sent that have not bounced."""
        return percent(self.opened, sum(self.figures.counts.get(one, 0) for one in DELIVERED))


def worst_first(rows: Iterable[DomainRow]) -> list[DomainRow]:
    """The lowest delivery rate first; the others last."""
    return sorted(rows, key=lambda row: (not row.domain, row.figures.rate or 0, -row.figures.sent))
