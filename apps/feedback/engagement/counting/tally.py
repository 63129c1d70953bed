"""What a set of reactions adds to the sums of its runs, gathered in memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from apps.feedback.engagement.counting.seen import Change, Seen
from apps.feedback.engagement.reaction import Judgement, Reaction
from apps.mailings.models import Term

#: A link of a content of a run: run, version and number.
LinkKey = tuple[int, int, int]


@dataclass(slots=True)
class LinkCount:
    """Clicks of persons and of others; ``persons``: how many more have followed the link."""

    clicks: int = 0
    machine_clicks: int = 0
    persons: int = 0


@dataclass(slots=True)
class OwnClicks:
    """How often one person followed one link: the change, and the first moment of it."""

    clicks: int = 0
    first_at: datetime | None = None


@dataclass(slots=True)
class Tally:
    """Changes of the sums. Hours and shares are by the columns that make them unique."""

    hours: Counter[tuple[int, datetime, str, str]] = field(default_factory=Counter)
    links: defaultdict[LinkKey, LinkCount] = field(default_factory=lambda: defaultdict(LinkCount))
    own: defaultdict[tuple[LinkKey, int], OwnClicks] = field(
        default_factory=lambda: defaultdict(OwnClicks)
    )
    opened: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    clicked: Counter[tuple[int, str, str]] = field(default_factory=Counter)

    def total(self, reaction: Reaction, found: Judgement) -> None:
        """A reaction of nobody in particular."""
        key = (reaction.run_id, reaction.version)
        self._event(key, Change(reaction.kind, reaction.at, reaction.number, None, found.term))

    def letter(
        self, run_id: int, version: int, delivery_id: int, changes: Iterable[Change]
    ) -> None:
        """Reactions to one letter, new ones and those that are known better now."""
        found = list(changes)
        self.sums(run_id, version, found)
        for change in found:
            if change.kind == "click" and change.number > 0:
                self._own((run_id, version, change.number), delivery_id, change)

    def sums(self, run_id: int, version: int, changes: Iterable[Change]) -> None:
        """Reactions of which only the sums are kept."""
        for change in changes:
            self._event((run_id, version), change)

    def shares(self, run_id: int, domain: str, before: Seen, after: Seen) -> None:
        """Who opened and clicked, by device, mail program and domain."""
        for sign, seen in ((-1, before), (1, after)):
            for (by, value), (opened, clicked) in seen.shares(domain).items():
                self.opened[run_id, by, value] += sign * opened
                self.clicked[run_id, by, value] += sign * clicked

    def _event(self, content: tuple[int, int], change: Change) -> None:
        hour = change.at.replace(minute=0, second=0, microsecond=0)
        for term, count in ((change.before, -1), (change.after, 1)):
            if term is None:
                continue
            self.hours[content[0], hour, change.kind, term.value] += count
            if change.kind == "click" and change.number > 0:
                link = self.links[(*content, change.number)]
                if term == Term.MACHINE:
                    link.machine_clicks += count
                else:
                    link.clicks += count

    def _own(self, link: LinkKey, delivery_id: int, change: Change) -> None:
        count = (change.after == Term.PERSON) - (change.before == Term.PERSON)
        if not count:
            return
        own = self.own[link, delivery_id]
        own.clicks += count
        if count > 0 and (own.first_at is None or change.at < own.first_at):
            own.first_at = change.at
