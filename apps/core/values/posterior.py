"""What shares of successes say: how sure one variant is the best, and where each share lies.

Each variant's share has a beta distribution: of ``events`` among ``count``, with all shares as
good as each other before anything is seen. It is read on a grid, without chance: the same figures
always give the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp, log, prod, sqrt
from typing import Final

#: Points at which the distributions are read.
_POINTS: Final = 1000
#: The grid reaches so many standard deviations beyond the outermost shares.
_REACH: Final = 8.0
#: What an interval holds.
_INTERVAL: Final = 0.95


@dataclass(frozen=True, slots=True)
class Posterior:
    """Of one variant: how probable it is that it is the best, and the interval of its share."""

    best: float
    low: float
    high: float


def posteriors(seen: Sequence[tuple[int, int]]) -> list[Posterior]:
    """Of each pair of events and count; the probabilities of being the best add up to 1."""
    grid = _grid(seen)
    densities = [_density(events, count, grid) for events, count in seen]
    below = [list(accumulate(density)) for density in densities]
    best = [_best(number, densities, below) for number in range(len(seen))]
    whole = sum(best)
    return [
        Posterior(one / whole, *_interval(reached, grid))
        for one, reached in zip(best, below, strict=True)
    ]


def _best(
    number: int, densities: Sequence[Sequence[float]], below: Sequence[Sequence[float]]
) -> float:
    """That its share is the largest: at each point, that all others lie below it."""
    others = [at for at in range(len(densities)) if at != number]
    return sum(
        weight * prod(below[other][at] - densities[other][at] / 2 for other in others)
        for at, weight in enumerate(densities[number])
        if weight
    )


def _grid(seen: Sequence[tuple[int, int]]) -> list[float]:
    """Points between 0 and 1 where any of the distributions is more than nothing."""
    bounds = []
    for events, count in seen:
        mean = (events + 1) / (count + 2)
        reach = _REACH * sqrt(mean * (1 - mean) / (count + 3))
        bounds += [mean - reach, mean + reach]
    low, high = max(min(bounds), 0.0), min(max(bounds), 1.0)
    step = (high - low) / _POINTS
    return [low + step * (at + 0.5) for at in range(_POINTS)]


def _density(events: int, count: int, grid: Sequence[float]) -> list[float]:
    """The share of the distribution at each point; together they are 1."""
    logs = [events * log(at) + (count - events) * log(1 - at) for at in grid]
    top = max(logs)
    found = [exp(one - top) for one in logs]
    whole = sum(found)
    return [one / whole for one in found]


def _interval(reached: Sequence[float], grid: Sequence[float]) -> tuple[float, float]:
    rest = (1 - _INTERVAL) / 2
    low = next(at for at, sum_ in zip(grid, reached, strict=True) if sum_ >= rest)
    high = next(at for at, sum_ in zip(grid, reached, strict=True) if sum_ >= 1 - rest)
    return low, high
