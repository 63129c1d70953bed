"""What was seen of one letter: its reactions as they were judged, and what follows from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, TypedDict

from apps.feedback.engagement.reaction import Judged, Judgement, Kind, Reaction
from apps.mailings.models import EngagementShare, Term

#: Reactions of one letter that are kept to be known better later, beside the first of each kind.
KEPT: Final = 30

By = EngagementShare.By
Judge = Callable[[Reaction, Sequence[Judged], datetime | None], Judgement]


@dataclass(frozen=True, slots=True)
class Change:
    """A reaction that is counted under another term from now on; ``before`` None: it is new."""

    kind: Kind
    at: datetime
    number: int
    before: Term | None
    after: Term


class Columns(TypedDict):
    """The columns of Engagement that follow from the reactions."""

    term: Term
    opened_at: datetime | None
    clicked_at: datetime | None
    last_clicked_at: datetime | None
    opens: int
    clicks: int
    device: str
    client: str
    rule: str
    events: list[Any]


@dataclass(slots=True)
class Seen:
    """The reactions to one letter. ``opens`` and ``clicks`` count those of persons.

    ``device`` and ``client`` are those of the first person, until there is one of anybody.
    """

    events: list[Judged] = field(default_factory=list)
    opens: int = 0
    clicks: int = 0
    device: str = ""
    client: str = ""

    def copy(self) -> Seen:
        """The same, to be compared with later."""
        return replace(self, events=list(self.events))

    def take(self, reaction: Reaction, judge: Judge, accepted_at: datetime | None) -> list[Change]:
        """Judge one more reaction. Returns what is counted, and what is counted differently."""
        found = judge(reaction, self.events, accepted_at)
        changes = [self._reclass(*one) for one in found.reclassed]
        if not self.device or (found.term == Term.PERSON and not self.opens + self.clicks):
            self.device, self.client = found.device, found.client
        one = Judged(reaction.kind, reaction.at, reaction.number, found.term, found.rule)
        return [*changes, *self.adopt([one])]

    def adopt(self, events: Iterable[Judged]) -> list[Change]:
        """Take reactions that have been judged already."""
        changes = []
        for one in events:
            self.events.append(one)
            self._count(one.kind, one.term, 1)
            changes.append(Change(one.kind, one.at, one.number, None, one.term))
        return changes

    def _reclass(self, place: int, term: Term, rule: str) -> Change:
        old = self.events[place]
        self.events[place] = replace(old, term=term, rule=rule)
        self._count(old.kind, old.term, -1)
        self._count(old.kind, term, 1)
        return Change(old.kind, old.at, old.number, old.term, term)

    def _count(self, kind: Kind, term: Term, count: int) -> None:
        if term != Term.PERSON:
            return
        if kind == "open":
            self.opens += count
        else:
            self.clicks += count

    @property
    def term(self) -> Term | None:
        """Whose letter it is: a person's, if any was seen; None before anything was."""
        if self.opens + self.clicks:
            return Term.PERSON
        if any(one.term == Term.UNCLEAR for one in self.events):
            return Term.UNCLEAR
        return Term.MACHINE if self.events else None

    def counted(self) -> dict[str, int]:
        """What it adds to the counters of its run."""
        if self.term is None:
            return {}
        clicked = {"clicked": 1} if self.clicks else {}
        return {self.term.value: 1, **clicked}

    def last_of_person(self) -> tuple[datetime | None, datetime | None]:
        """When a person last opened it, by whatever sign, and when one last followed a link."""
        persons = [one for one in self.events if one.term == Term.PERSON]
        clicked = [one.at for one in persons if one.kind == "click"]
        return max((one.at for one in persons), default=None), max(clicked, default=None)

    def shares(self, domain: str) -> dict[tuple[str, str], tuple[int, int]]:
        """What it adds to the shares of its run: who opened, who clicked. Of persons only."""
        if self.term != Term.PERSON:
            return {}
        values = {By.DEVICE: self.device, By.CLIENT: self.client, By.DOMAIN: domain}
        count = (1, int(self.clicks > 0))
        return {(by.value, value): count for by, value in values.items() if value}

    def columns(self) -> Columns:
        """As the row keeps it. Long histories keep the first reactions and the newest ones."""
        assert self.term is not None
        of_term = [one for one in self.events if one.term == self.term] or self.events
        clicked = [one.at for one in of_term if one.kind == "click"]
        deciding = min(of_term, key=lambda one: one.at)
        return Columns(
            term=self.term,
            opened_at=deciding.at,
            clicked_at=min(clicked, default=None),
            last_clicked_at=max(clicked, default=None),
            opens=self.opens,
            clicks=self.clicks,
            device=self.device,
            client=self.client,
            rule=deciding.rule,
            events=as_json(_pruned(self.events)),
        )


def _pruned(events: list[Judged]) -> list[Judged]:
    """Without the oldest, but for the first of each kind and term."""
    if len(events) <= KEPT:
        return events
    in_order = sorted(events, key=lambda one: one.at)
    first = {(one.kind, one.term): one for one in reversed(in_order)}
    newest = in_order[-KEPT:]
    return [one for one in first.values() if one not in newest] + newest


def as_json(events: Iterable[Judged]) -> list[Any]:
    """As Engagement.events keeps them."""
    return [[one.kind, one.at.isoformat(), one.number, one.term.value, one.rule] for one in events]


def from_json(kept: Iterable[Any]) -> list[Judged]:
    """The reactions that a row keeps."""
    return [
        Judged(kind, datetime.fromisoformat(at), number, Term(term), rule)
        for kind, at, number, term, rule in kept
    ]
