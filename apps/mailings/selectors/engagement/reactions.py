"""The equation behind "sent": in which of its four terms the sent and delivered are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import astuple, dataclass
from typing import Final

from django.db.models import Q, Sum
from django.db.models.fields.json import KT
from django.utils.translation import pgettext

from apps.mailings.models import Run, Tracking
from apps.mailings.models.engagement.figures import COUNTERS
from apps.mailings.selectors.equation import Term
from apps.mailings.selectors.totals import ALWAYS, DELIVERED, Period, percent, sum_of

#: Runs that measure persons.
MEASURED: Final = Q(content__tracking=Tracking.PERSONS)


@dataclass(frozen=True, slots=True)
class Reactions:
    """What is known of the letters that were sent and have not bounced: ``standing`` of them."""

    standing: int = 0
    person: int = 0
    unclear: int = 0
    machine: int = 0
    clicked: int = 0

    @property
    def nothing(self) -> int:
        """Those of which nothing was seen."""
        return self.standing - self.person - self.unclear - self.machine

    @property
    def opened_rate(self) -> float | None:
        """Opened by persons, in percent of the sent that have not bounced."""
        return percent(self.person, self.standing)

    @property
    def clicked_rate(self) -> float | None:
        """Clicked by persons, in percent of the same."""
        return percent(self.clicked, self.standing)

    @property
    def terms(self) -> list[Term]:
        """The four terms by the words that ``?reaction=`` has for them: they add up."""
        return [
            Term("opened", pgettext("reaction", "opened (persons)"), self.person),
            Term("machine", pgettext("reaction", "machine only"), self.machine),
            Term("unclear", pgettext("reaction", "cannot know"), self.unclear),
            Term("nothing", pgettext("reaction", "nothing seen"), self.nothing),
        ]


def reactions_of(run: Run) -> Reactions:
    """The counters of one run."""
    return Reactions(
        run.sent + run.delivered,
        run.engaged_person,
        run.engaged_unclear,
        run.engaged_machine,
        run.engaged_clicked,
    )


def levels_of(runs: Collection[int]) -> dict[int, str]:
    """What each of these runs measures, in one query that does not bring their contents."""
    rows = Run.objects.filter(pk__in=runs).order_by()
    found = rows.annotate(level=KT("content__tracking")).values_list("pk", "level")
    return {pk: level or Tracking.OFF for pk, level in found}


def measured_reactions(run: Run) -> Reactions | None:
    """Its counters, if it measures persons. The content may be left out of the row."""
    level = levels_of([run.pk])[run.pk]
    return reactions_of(run) if level == Tracking.PERSONS else None


def reactions_by_mailing(mailings: Iterable[int], period: Period = ALWAYS) -> dict[int, Reactions]:
    """The sums over the measured runs of each mailing; of one without any there is nothing."""
    rows = Run.objects.filter(MEASURED, mailing_id__in=list(mailings)).order_by()
    if not period.is_always:
        rows = rows.filter(period.inside())
    found = rows.values_list("mailing_id").annotate(**summed())
    return {pk: Reactions(*sums) for pk, *sums in found}


def together(reactions: Iterable[Reactions | None]) -> Reactions | None:
    """The sum of those that were measured; None where none was."""
    measured = [astuple(one) for one in reactions if one is not None]
    return Reactions(*map(sum, zip(*measured, strict=True))) if measured else None


def summed() -> dict[str, Sum]:
    """The fields of ``Reactions`` over many runs, in their order."""
    standing = Sum(sum_of(DELIVERED), default=0)
    return {"standing": standing} | {name: Sum(f"engaged_{name}", default=0) for name in COUNTERS}
