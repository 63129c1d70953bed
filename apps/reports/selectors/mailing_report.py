"""The report of one mailing: what is costly to count, and what it is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Sum

from apps.core.contracts import Actor
from apps.feedback.models import Event
from apps.mailings.models import Mailing, Run
from apps.mailings.selectors.engagement.reactions import Reactions
from apps.mailings.selectors.engagement.reactions import together as reactions_together
from apps.mailings.selectors.failures import FailureGroup, reasons_of
from apps.mailings.selectors.mailings import listed
from apps.mailings.selectors.totals import ALWAYS, Figures, Sums
from apps.reports.selectors.engagement.parts import domains_of
from apps.reports.selectors.statistics import (
    DomainRow,
    MailingStats,
    by_day,
    by_domain,
    by_hour,
    lines_of,
)

#: Mailings that one is compared with.
COMPARED: Final = 10


@dataclass(frozen=True, slots=True)
class Counted:
    """What is kept of a report between two looks: numbers and codes, not a word in any language.

    ``run`` is what domains and reasons are about; ``days`` and ``hours`` have a moment, how many
    were sent and how many failed.
    """

    days: list[tuple[Any, int, int]]
    hours: list[tuple[Any, int, int]]
    domains: list[tuple[str, dict[str, int]]]
    reasons: list[FailureGroup]
    complaints: int
    unsubscribed: int


def counted(mailing: Mailing, run: Run | None) -> Counted:
    """Counted afresh; the view keeps it."""
    if run is None:
        return Counted([], [], [], [], 0, 0)
    complaints = Run.objects.filter(mailing=mailing).aggregate(found=Sum("complaints", default=0))
    return Counted(
        by_day(mailing),
        by_hour(mailing),
        by_domain(run),
        reasons_of(run),
        complaints["found"],
        unsubscribed_of(mailing),
    )


def unsubscribed_of(mailing: Mailing) -> int:
    """How many recipients unsubscribed by a message of this mailing."""
    rows = Event.objects.filter(
        kind=Event.Kind.UNSUBSCRIBED, delivery__run__mailing=mailing, settled_at__isnull=False
    )
    found = rows.aggregate(count=Count("delivery__recipient", distinct=True))
    return int(found["count"])


def compared_with(mailing: Mailing, actor: Actor) -> list[MailingStats]:
    """The last mailings of the same owner that were sent before this one, the newest first."""
    rows = listed(Mailing.objects.visible_to(actor)).filter(
        owner=mailing.owner, pk__lt=mailing.pk, runs__started_at__isnull=False
    )
    newest = list(rows.select_related("owner").distinct().order_by("-pk")[:COMPARED])
    return [line for line in lines_of(Sums(rows, ALWAYS), newest) if line.figures.sent]


def domain_rows(
    run: Run | None, domains: list[tuple[str, dict[str, int]]], *, measured: bool
) -> list[DomainRow]:
    """The domains of a run, with the persons who reacted where they are measured."""
    if run is None or not measured:
        return [DomainRow(domain, Figures(counts)) for domain, counts in domains]
    found = domains_of(run, [domain for domain, _counts in domains])
    rows = []
    for domain, counts in domains:
        one = found.get(domain)
        persons = (one.opened, one.clicked) if one is not None else (0, 0)
        rows.append(DomainRow(domain, Figures(counts), *persons))
    return rows


def reactions_of_all(lines: list[MailingStats]) -> Reactions | None:
    """The reactions to all of these as one, of those that were measured."""
    return reactions_together(line.reactions for line in lines)


def together(lines: list[MailingStats]) -> Figures:
    """The figures of all of these as one."""
    states = {state for line in lines for state in line.figures.counts}
    return Figures(
        {state: sum(line.figures.counts.get(state, 0) for line in lines) for state in states}
    )
