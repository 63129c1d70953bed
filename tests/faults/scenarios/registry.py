"""What a scenario is, and the list of all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.rounds.round import Round

Act = Callable[[Round], None]
BOTH = ("sqlite", "postgresql")

_SCENARIOS: dict[str, Scenario] = {}


@dataclass(frozen=True, slots=True)
class Scenario:
    """One fault. ``act`` hurts the round; after it, the run must come to its end on its own.

    ``code`` is its number in the plan, ``weight`` how often it is drawn against the others.
    """

    code: str
    title: str
    act: Act
    engines: tuple[str, ...] = BOTH
    weight: int = 1

    @property
    def name(self) -> str:
        return self.act.__name__


def scenario(
    code: str, title: str, *, engines: tuple[str, ...] = BOTH, weight: int = 1
) -> Callable[[Act], Act]:
    """Put the function on the list."""

    def add(act: Act) -> Act:
        register(Scenario(code, title, act, engines, weight))
        return act

    return add


def register(new: Scenario) -> None:
    assert new.name not in _SCENARIOS
    _SCENARIOS[new.name] = new


def every(engine: str) -> list[Scenario]:
    """All scenarios that can be played on this database, in the plan's order."""
    fitting = (found for found in _SCENARIOS.values() if engine in found.engines)
    return sorted(fitting, key=lambda found: (found.code, found.title))
