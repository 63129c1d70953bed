"""Sums over mailings, from the counters that the ledger keeps.

The names are the same wherever a person reads them (pages, exports, the daily report, the API), and
this is the one place that knows what they mean. An audience is sent + failed + skipped + unknown +
remaining; sent is what a server has accepted, also what bounced later; a delivery rate is what was
sent and has not bounced, of all that was tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import add
from typing import Final

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from apps.core.models import OwnedQuerySet
from apps.mailings.models import Attempt, Delivery, Mailing, Run
from apps.mailings.models.ledger import STATES

#: Accepted, and not bounced since.
DELIVERED: Final = ("sent", "delivered")
#: Accepted by the server or provider.
SENT: Final = (*DELIVERED, "bounced")
NOT_DELIVERED: Final = ("bounced", "failed")
#: What the API sums up as ``lost``.
_LOST: Final = ("failed", "bounced", "unknown", "expired", "cancelled")
#: The states in which there is an attempt to show.
TRIED: Final = (*SENT, "failed", "unknown")
SKIPPED: Final = ("suppressed", "expired", "cancelled")
REMAINING: Final = ("pending", "sending")


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of some deliveries, by the names that people read."""

    counts: Mapping[str, int] = field(default_factory=dict)

    def _sum(self, states: tuple[str, ...]) -> int:
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def audience(self) -> int:
        return self._sum(STATES)

    @property
    def sent(self) -> int:
        """Accepted by the server or provider; some of them have bounced since."""
        return self._sum(SENT)

    @property
    def confirmed(self) -> int:
        """Of these, those whose delivery is confirmed."""
        return self._sum(("delivered",))

    @property
    def bounced(self) -> int:
        return self._sum(("bounced",))

    @property
    def failed(self) -> int:
        return self._sum(("failed",))

    @property
    def skipped(self) -> int:
        return self._sum(SKIPPED)

    @property
    def skipped_parts(self) -> list[tuple[str, int]]:
        """The label and the count of each state that was skipped and has any."""
        return [
            (str(Delivery.State(state).label), self.counts[state])
            for state in SKIPPED
            if self.counts.get(state)
        ]

    @property
    def unknown(self) -> int:
        return self._sum(("unknown",))

    @property
    def remaining(self) -> int:
        return self._sum(REMAINING)

    @property
    def sent_share(self) -> float | None:
        """Sent of the whole audience, in percent with one decimal place."""
        return percent(self.sent, self.audience)

    @property
    def not_delivered(self) -> int:
        return self._sum(NOT_DELIVERED)

    @property
    def rate(self) -> float | None:
        """The delivery rate: sent and not bounced of all that were tried, in percent, one decimal.

        Never rounded up to 100 nor down to 0: both are said only when they are true.
        """
        return percent(self._sum(DELIVERED), self._sum(TRIED))


def sum_of(states: Collection[str]) -> Combinable:
    """How many of one run are in these states together, for the database to add up."""
    return reduce(add, map(F, states))


def percent(part: int, whole: int) -> float | None:
    """The part with one decimal place. Never rounded up to 100 nor down to 0."""
    if not whole:
        return None
    tenths = round(part * 1000 / whole)
    if part:
        tenths = max(tenths, 1)
    if part < whole:
        tenths = min(tenths, 999)
    return tenths / 10


def figures_of(run: Run) -> Figures:
    """The figures of one run."""
    return Figures({state: getattr(run, state) for state in STATES})


def with_figures(runs: Iterable[Run]) -> list[tuple[Run, Figures]]:
    """Each run with its figures."""
    return [(run, figures_of(run)) for run in runs]


@dataclass(frozen=True, slots=True)
class Totals:
    """The states of all deliveries of many mailings; ``transactional``: to one only."""

    mailings: int
    transactional: int
    figures: Figures

    @property
    def counts(self) -> Mapping[str, int]:
        return self.figures.counts

    @property
    def served(self) -> int:
        """For programs: sent and not bounced."""
        return sum(self.counts[state] for state in DELIVERED)

    @property
    def lost(self) -> int:
        """For programs: whatever did not become a sent message."""
        return sum(self.counts[state] for state in _LOST)

    @property
    def share(self) -> int | None:
        """For programs: served in whole percent of served and lost."""
        settled = self.served + self.lost
        return self.served * 100 // settled if settled else None


@dataclass(frozen=True, slots=True)
class Period:
    """The days of a report: only what was tried in them counts. Ends may be open.

    A run that began and ended inside is counted by its counters; one that crosses an end, by the
    attempts of its deliveries in this time.
    """

    since: datetime | None
    until: datetime | None
    now: datetime

    @property
    def is_always(self) -> bool:
        return self.since is None and self.until is None

    def inside(self) -> Q:
        """Runs that were sent altogether in this time."""
        found = Q(started_at__isnull=False)
        if self.since is not None:
            found &= Q(started_at__gte=self.since)
        if self.until is not None:
            ended = Q(finished_at__lt=self.until)
            found &= ended | Q(finished_at=None) if self.until > self.now else ended
        return found

    def touching(self) -> Q:
        """Runs of which something may have been sent in this time."""
        found = Q(started_at__isnull=False)
        if self.since is not None:
            found &= Q(finished_at__gte=self.since) | Q(finished_at=None)
        if self.until is not None:
            found &= Q(started_at__lt=self.until)
        return found

    def attempts(self) -> Q:
        found = Q(kind=Attempt.Kind.DELIVERY)
        if self.since is not None:
            found &= Q(created_at__gte=self.since)
        if self.until is not None:
            found &= Q(created_at__lt=self.until)
        return found


ALWAYS: Final = Period(None, None, datetime.max)


@dataclass(slots=True)
class Part:
    """The counts by state that some runs of one mailing bring."""

    counts: Counter[str] = field(default_factory=Counter)
    runs: set[int] = field(default_factory=set)


class Sums:
    """The sums of mailings over all time, or over what was tried in a period."""

    def __init__(self, mailings: OwnedQuerySet[Mailing], period: Period) -> None:
        self.period = period
        self._crossing: dict[int, Part] = {}
        if not period.is_always:
            self._crossing = _crossing(mailings, period)
            whole = Run.objects.filter(period.inside(), _tried(), mailing_id=OuterRef("pk"))
            mailings = mailings.filter(Q(pk__in=list(self._crossing)) | Q(Exists(whole)))
        #: Those with something to report.
        self.mailings = mailings
        self._states = STATES if period.is_always else TRIED

    def by_mailing(self, ids: Sequence[int]) -> dict[int, tuple[Figures, int]]:
        """The figures of these, and how many runs they come from: in one query."""
        rows = self._runs().filter(mailing_id__in=ids).values_list("mailing_id")
        found: dict[int, tuple[int, ...]] = {
            pk: tuple(counts)
            for pk, *counts in rows.annotate(Count("pk"), *self._columns().values())
        }
        nothing = (0,) * (1 + len(self._states))
        return {pk: self._of(found.get(pk, nothing), self._crossing.get(pk)) for pk in ids}

    def by_owner(self, most: int | None = None) -> list[tuple[str, Figures]]:
        """The figures of each owner, the busiest first."""
        named = self._counted().values_list(F("mailing__owner__email"))
        found = {
            email: Counter(dict(zip(self._states, counts, strict=True)))
            for email, *counts in named.annotate(*self._columns().values())
        }
        crossing = Mailing.objects.filter(pk__in=list(self._crossing))
        for pk, email in crossing.values_list("pk", "owner__email"):
            found.setdefault(email, Counter()).update(self._crossing[pk].counts)
        figures = [(email, Figures(counts)) for email, counts in found.items()]
        return sorted(figures, key=lambda row: (-row[1].sent, row[0]))[:most]

    def expression(self, states: Collection[str]) -> Combinable:
        """How many of a mailing are in these states, for the database to sort by."""
        counted = [state for state in self._states if state in states]
        if not counted:
            return Value(0)
        runs = self._runs().filter(mailing_id=OuterRef("pk")).values("mailing_id")
        added = runs.annotate(found=Sum(sum_of(counted))).values("found")
        whole: Combinable = Coalesce(Subquery(added), 0)
        parts = [
            When(pk=pk, then=Value(sum(part.counts[state] for state in states)))
            for pk, part in self._crossing.items()
        ]
        return whole + Case(*parts, default=Value(0)) if parts else whole

    def totals(self) -> Totals:
        """Over all of them."""
        counts = Counter(dict.fromkeys(STATES, 0))
        counts.update(self._counted().aggregate(**self._columns()))
        for part in self._crossing.values():
            counts.update(part.counts)
        kinds = dict(self.mailings.order_by().values_list("kind").annotate(Count("pk")))
        return Totals(
            mailings=kinds.get(Mailing.Kind.MAILING, 0),
            transactional=kinds.get(Mailing.Kind.TRANSACTIONAL, 0),
            figures=Figures(counts),
        )

    def _runs(self) -> QuerySet[Run]:
        rows = Run.objects.order_by()
        return rows if self.period.is_always else rows.filter(self.period.inside())

    def _counted(self) -> QuerySet[Run]:
        return self._runs().filter(mailing__in=self.mailings.order_by().values("pk"))

    def _columns(self) -> dict[str, Sum]:
        return {state: Sum(state, default=0) for state in self._states}

    def _of(self, row: tuple[int, ...], part: Part | None) -> tuple[Figures, int]:
        runs, *sums = row
        counts = Counter(dict(zip(self._states, sums, strict=True)))
        if part is not None:
            counts.update(part.counts)
            runs += len(part.runs)
        return Figures(counts), runs


def totals_of(mailings: OwnedQuerySet[Mailing], period: Period = ALWAYS) -> Totals:
    """Sums over all of them."""
    return Sums(mailings, period).totals()


def _tried() -> Q:
    found = Q()
    for state in TRIED:
        found |= Q(**{f"{state}__gt": 0})
    return found


def _crossing(mailings: OwnedQuerySet[Mailing], period: Period) -> dict[int, Part]:
    """By mailing, what was tried in the period of runs that reach beyond it."""
    runs = Run.objects.filter(period.touching(), mailing__in=mailings.order_by().values("pk"))
    cut = list(runs.exclude(period.inside()).values_list("pk", flat=True))
    if not cut:
        return {}
    within = Attempt.objects.filter(period.attempts(), delivery_id=OuterRef("pk"))
    rows = Delivery.objects.filter(Exists(within), run_id__in=cut, state__in=TRIED).order_by()
    counted = rows.values_list("run__mailing_id", "run_id", "state").annotate(Count("pk"))
    found: dict[int, Part] = {}
    for mailing_id, run_id, state, count in counted:
        part = found.setdefault(mailing_id, Part())
        part.counts[state] += count
        part.runs.add(run_id)
    return found
