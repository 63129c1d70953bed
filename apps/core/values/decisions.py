"""Which variant of an experiment has won, by its figures: a pure function, asked once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from apps.core.values.posterior import posteriors

#: So sure it must be that a variant is the best. Of two, either may seem the better one where
#: nothing differs: with 0.95 one of ten such experiments would have a winner, with 0.98 one of
#: twenty-five has. Of more, less than one of forty has with 0.95.
SURE: Final = 0.95
SURE_OF_TWO: Final = 0.98
#: Fewer events of any variant say nothing.
LEAST_EVENTS: Final = 30


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one variant: to how many it was sent, and how many did what counts."""

    count: int
    events: int


@dataclass(frozen=True, slots=True)
class Judged:
    """The same with what it says: ``best``: how probable it is that this variant is the best."""

    count: int
    events: int
    best: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """``winner`` and ``leader`` are numbers from 1; no winner: it is undecided."""

    variants: tuple[Judged, ...]
    winner: int | None
    leader: int


def judge(seen: Sequence[Seen]) -> Judgement:
    """The winner, if there are enough events and they speak for one variant clearly."""
    found = posteriors([(one.events, one.count) for one in seen])
    variants = tuple(
        Judged(one.count, one.events, said.best, said.low, said.high)
        for one, said in zip(seen, found, strict=True)
    )
    leader = max(range(len(variants)), key=lambda at: variants[at].best)
    enough = all(one.events >= LEAST_EVENTS for one in seen)
    sure = enough and variants[leader].best >= (SURE_OF_TWO if len(seen) == 2 else SURE)
    return Judgement(variants, winner=leader + 1 if sure else None, leader=leader + 1)
