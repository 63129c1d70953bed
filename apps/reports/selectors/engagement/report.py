"""What readers did with one run, for its report: everything from counters and small sums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.mailings.models import Run, Term, Tracking
from apps.mailings.selectors.engagement.reactions import Reactions, reactions_of
from apps.mailings.selectors.totals import SENT, percent
from apps.reports.selectors.engagement.parts import (
    LinkRow,
    ShareRow,
    clients_of,
    devices_of,
    links_of,
)
from apps.reports.selectors.engagement.times import (
    CLICK,
    OPEN,
    HourOfDay,
    Times,
    best_hour,
    sums_of,
    times_of,
)

#: Whose reactions are drawn over time, by what the run measures.
_DRAWN: Final = {Tracking.PERSONS: (Term.PERSON,), Tracking.TOTALS: (Term.PERSON, Term.UNCLEAR)}
KINDS: Final[list[tuple[str, Promise]]] = [
    (OPEN, pgettext_lazy("reactions", "Openings")),
    (CLICK, pgettext_lazy("reactions", "Clicks")),
]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the funnel: how many came so far, and the people. Shares are in percent."""

    label: Promise
    count: int
    url: str
    of_all: float | None
    of_before: float | None = None


@dataclass(frozen=True)
class RunReport:
    """What is known of the reactions to a run; each part is counted when it is asked for."""

    run: Run
    level: str

    @property
    def is_measured(self) -> bool:
        return self.level in _DRAWN

    @cached_property
    def reactions(self) -> Reactions | None:
        """The second equation, where persons are measured."""
        return reactions_of(self.run) if self.level == Tracking.PERSONS else None

    @cached_property
    def links(self) -> list[LinkRow]:
        return links_of(self.run)

    @property
    def versions(self) -> list[int]:
        """The contents whose letters have links."""
        return sorted({row.link.version for row in self.links})

    @cached_property
    def devices(self) -> list[ShareRow]:
        return devices_of(self.run)

    @cached_property
    def clients(self) -> list[ShareRow]:
        return clients_of(self.run)

    @cached_property
    def times(self) -> Times:
        return times_of(self.run, _DRAWN.get(Tracking(self.level), ()))

    @cached_property
    def hours(self) -> list[HourOfDay]:
        return self.times.by_hour_of_day()

    @property
    def best(self) -> HourOfDay | None:
        return best_hour(self.hours)

    @cached_property
    def sums(self) -> list[tuple[Promise, list[int]]]:
        """All openings and all clicks: of persons, of those who cannot be known, of machines."""
        found = sums_of(self.run)
        return [(label, [found[kind][term] for term in Term]) for kind, label in KINDS]

    @property
    def funnel(self) -> list[Step]:
        """From the audience to the clicks of persons."""
        return list(self._steps())

    def _steps(self) -> Iterator[Step]:
        run, before = self.run, None
        page = reverse("mailings:run", args=[run.mailing_id, run.number])
        for label, count, query in self._counts():
            share = percent(count, run.audience)
            of_before = None if before is None else percent(count, before)
            yield Step(label, count, f"{page}{query}", share, of_before)
            before = count

    def _counts(self) -> Iterator[tuple[Promise, int, str]]:
        run, reactions = self.run, self.reactions
        yield _("Audience"), run.audience, ""
        sent = sum(getattr(run, state) for state in SENT)
        yield pgettext_lazy("figure", "Sent"), sent, "?state=accepted"
        if reactions is not None:
            yield _("Sent and not bounced"), reactions.standing, "?reaction=standing"
            yield _("Opened (persons)"), reactions.person, "?reaction=opened"
            yield pgettext_lazy("figure", "Clicked"), reactions.clicked, "?reaction=clicked"
