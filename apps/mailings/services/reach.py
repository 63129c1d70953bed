"""How many a mailing would reach, as the freeze of its audience would count them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db.models import (
    Case,
    F,
    IntegerField,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.db.models.lookups import In
from django.utils import timezone

from apps.core.content.program import Asked
from apps.core.values.time_zones import time_zone
from apps.mailings.fields import BASIC, fields_of
from apps.mailings.ledger import reach
from apps.mailings.ledger.reach import Reach
from apps.mailings.models import Mailing, Recipient
from apps.mailings.rules import (
    Exclusions,
    Rule,
    SegmentTerm,
    Window,
    candidates,
    kept_terms,
    living,
    reasoned,
    rule_of,
    terms_in,
    unbarred,
    with_bits,
)
from apps.mailings.segments import answers
from apps.users.models import User

#: From here on a manual start is asked about once more.
LARGE: Final = 1000
#: From here on the number of recipients is typed, so that nobody sends to so many by habit.
VERY_LARGE: Final = 10_000
#: People of a window, where all are counted.
WINDOW: Final = 40_000
#: People that are read one by one at a time: no database takes more parameters than that.
_READ: Final = 900


@dataclass(frozen=True, slots=True)
class Totals:
    """The two figures of an audience that are exact at once; each channel's beside them."""

    matching: int
    by_channel: tuple[int, ...]

    totals_exact = True

    @property
    def reached(self) -> int:
        return sum(self.by_channel)


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a rule names, before it is frozen. ``chosen_ones``: those of a form not saved yet."""

    rule: Rule
    chosen_ones: Q | None = None

    def people(self) -> QuerySet[Recipient]:
        """The candidates, whether or not something keeps them out."""
        return candidates(self.rule, chosen_ones=self.chosen_ones)

    def reach(self, channels: Sequence[str]) -> Reach:
        """Share it out over the channels, in their order, and freeze nothing.

        Many people are counted window by window, as they are frozen: no statement is long.
        """
        if not self.is_large:
            return self._within(None, channels)
        found = Reach((0,) * len(channels))
        for window in self._windows():
            found += self._within(window, channels)
        return found

    def _bounds(self) -> Iterator[int]:
        """The last id of each window of the owner's people."""
        after = 0
        while True:
            rows = self._everybody().filter(pk__gt=after).order_by("pk")
            ids = rows.values_list("pk", flat=True)
            last = ids[WINDOW - 1 : WINDOW].first() or ids.last() or 0
            if last <= after:
                return
            yield (after := last)

    def totals(self, channels: Sequence[str]) -> Totals:
        """Exactly how many it names, and how many of them would get it, without the reasons."""
        return Totals(self.people().order_by().count(), self.reached(channels))

    def reached(self, channels: Sequence[str]) -> tuple[int, ...]:
        """Exactly how many would get it on each channel, without the reasons of the others."""
        rows = unbarred(self.rule, self.people())
        found = reach.reach_of(rows, self.rule.rights, self.rule.owner_id, channels)
        return found.by_channel

    @property
    def is_large(self) -> bool:
        """True if so many people are asked about that a sample comes first."""
        plain = not (self.rule.lists or self.rule.segments or self.rule.exclude)
        return not plain and self._everybody()[answers.COUNTED_AT_ONCE :].exists()

    def estimate(self, channels: Sequence[str]) -> Reach:
        """The same from windows of ids that lie evenly over all: within a per cent or so."""
        everybody = self._everybody()
        found, asked = Reach((0,) * len(channels)), 0
        for window, people in answers.sample(everybody):
            asked += people
            found += self._within(window, channels)
        return found.times(everybody.count() / asked)

    def _everybody(self) -> QuerySet[Recipient]:
        return living(self.rule.owner_id)

    def _within(self, window: Window | None, channels: Sequence[str]) -> Reach:
        rows = candidates(self.rule, window, chosen_ones=self.chosen_ones)
        rows = reasoned(self.rule, rows, window)
        return reach.reach_of(rows, self.rule.rights, self.rule.owner_id, channels)

    def lacking(self, channels: Sequence[str], names: Sequence[str]) -> tuple[int, dict[str, int]]:
        """Exactly how many would get it, and how many of them have nothing in each field."""
        columns = {f"lack_{at}": _is_empty(name) for at, name in enumerate(names)}
        found = [0] * (1 + len(names))
        for rows, _window in self._unbarred():
            rows, rule = rows.annotate(**columns), self.rule
            counted = reach.lacking_of(rows, rule.rights, rule.owner_id, channels, list(columns))
            found = [one + other for one, other in zip(found, counted, strict=True)]
        return found[0], dict(zip(names, found[1:], strict=True))

    def values(
        self, channels: Sequence[str], asked: Sequence[Asked]
    ) -> Iterator[tuple[dict[str, str], int]]:
        """Of each who would get it: the fields, and the bits of these tags and segments.

        Raises ConditionGone.
        """
        rule, terms = self.rule, terms_in({"asked": kept_terms(asked, self.rule.owner_id)})
        for rows, window in self._unbarred():
            ids = reach.ids_of(rows, rule.rights, rule.owner_id, channels)
            for start in range(0, len(ids), _READ):
                some = ids[start : start + _READ]
                people: QuerySet[Recipient] = Recipient.objects.filter(pk__in=some)
                if terms:
                    people = with_bits(people, terms, rule.ground(window))
                for one in people:
                    yield fields_of(one), getattr(one, reach.BITS, 0)

    def ids(self, channels: Sequence[str], most: int) -> Iterator[int]:
        """Those who would get it, by their ids, at most so many."""
        for rows, _window in self._unbarred():
            ids = reach.ids_of(rows, self.rule.rights, self.rule.owner_id, channels)
            yield from sorted(ids)[:most]
            if (most := most - len(ids)) <= 0:
                return

    def languages(self, channels: Sequence[str]) -> Counter[str]:
        """How many of those who would get it speak each language; '' is none that is known."""
        found = Counter[str]()
        for rows, _window in self._unbarred():
            rule = self.rule
            found.update(reach.languages_of(rows, rule.rights, rule.owner_id, channels))
        return found

    def _unbarred(self) -> Iterator[tuple[QuerySet[Recipient], Window | None]]:
        """Those whom nothing but an address can keep out; many of them window by window."""
        for window in self._windows() if self.is_large else [None]:
            rows = candidates(self.rule, window, chosen_ones=self.chosen_ones)
            yield unbarred(self.rule, rows, window), window

    def _windows(self) -> Iterator[Window]:
        after = 0
        for upto in self._bounds():
            yield after, upto
            after = upto

    def zones(self, channels: Sequence[str]) -> dict[str, int]:
        """How many of those reached live in each time zone; the empty one is the installation's."""
        rows = reasoned(self.rule, self.people())
        return reach.zones_of(rows, self.rule.rights, self.rule.owner_id, channels)


def text_of(name: str) -> Coalesce:
    """A field of a recipient as text; '' for one that is not there."""
    attribute = KeyTextTransform(name.removeprefix("attributes."), "attributes")
    return Coalesce(F(name) if name in BASIC else attribute, Value(""), output_field=TextField())


def _is_empty(name: str) -> Case:
    """1 where a letter would show nothing of the field; an empty list is nothing, too."""
    empty = In(text_of(name), ["", "[]"])
    return Case(When(empty, then=Value(1)), default=Value(0), output_field=IntegerField())


def audience_from(
    owner: User,
    rows: Mapping[str, Sequence[Any]],
    *,
    chosen: Sequence[int] = (),
    everyone: bool = False,
    codes: Sequence[str] = (),
    days: int | None = None,
    **permission: Any,
) -> Audience:
    """The audience of a form or a body that is not saved. ``rows``: by the mailing's fields.

    ``permission``: basis, purpose and on_cap, where they are not as usual.
    """
    ids = {name: tuple(row.pk for row in rows.get(name) or ()) for name in _ROWS}
    trees = {
        name: tuple(SegmentTerm(row.pk, row.tree) for row in rows.get(name) or ())
        for name in ("segments", "exclude_segments")
    }
    rule = Rule(
        owner_id=owner.pk,
        moment=timezone.now(),
        zone=time_zone(owner.time_zone) or settings.TIME_ZONE,
        everyone=everyone,
        lists=ids["lists"],
        segments=trees["segments"],
        tags=() if everyone else ids["filter_tags"],
        codes=tuple(codes),
        exclude=Exclusions(
            lists=ids["exclude_lists"],
            segments=trees["exclude_segments"],
            tags=ids["exclude_tags"],
            mailings=ids["exclude_mailings"],
            days=days,
        ),
        **permission,
    )
    return Audience(rule, Q(pk__in=list(chosen)))


_ROWS: Final = ("lists", "filter_tags", "exclude_lists", "exclude_tags", "exclude_mailings")


def audience_of(mailing: Mailing) -> Audience:
    """The audience of a mailing as it is saved."""
    return Audience(rule_of(mailing, timezone.now()))


def reached_by(mailing: Mailing) -> int:
    """How many would get this mailing, if it were sent now."""
    return sum(audience_of(mailing).reached([channel for channel, _account in mailing.routes]))


def is_large(mailing: Mailing) -> bool:
    """True if so many are concerned that a slip would hurt. Counts no further than that."""
    return audience_of(mailing).people()[: LARGE + 1].count() > LARGE


def is_typed(reached: int) -> bool:
    """True if a person types this number of recipients before it is sent to them."""
    return reached > VERY_LARGE


def typed_number(mailing: Mailing) -> int | None:
    """The number of recipients, if they are so many that a person types it; otherwise None."""
    if audience_of(mailing).people()[: VERY_LARGE + 1].count() <= VERY_LARGE:
        return None
    reached = reached_by(mailing)
    return reached if is_typed(reached) else None
