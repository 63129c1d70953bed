"""Playing rounds: which fault comes next, one after the other, and what each showed."""

from __future__ import annotations

import random
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from tests.faults.processes.base_install import BaseInstall
from tests.faults.rounds.observer import Observer
from tests.faults.rounds.round import Round
from tests.faults.rounds.verdict import Verdict, judge
from tests.faults.scenarios import Scenario, every


@dataclass(frozen=True, slots=True)
class RoundResult:
    """One round that is over."""

    engine: str
    scenario: Scenario
    seed: int
    seconds: float
    verdict: Verdict


def play_round(base: BaseInstall, scenario: Scenario, seed: int) -> RoundResult:
    """One round, from a fresh database to the verdict."""
    round = Round(base, seed=seed)

    def act() -> None:
        scenario.act(round)
        round.finish()

    return play(round, scenario, act, lambda: judge(round))


def play(
    round: Round,
    scenario: Scenario,
    act: Callable[[], None],
    judged: Callable[[], Verdict],
    *more: Observer,
) -> RoundResult:
    """Act while the ledger, and whatever ``more`` there is, is watched; then judge, and close."""
    started = time.monotonic()
    observers = [Observer(round.new_eye()), *more]
    try:
        with ExitStack() as watched:
            for observer in observers:
                watched.enter_context(observer)
            try:
                act()
            except Exception:  # a defect of any kind must not end the other rounds
                round.broken.append(traceback.format_exc(limit=-3).strip())
                round.broken.append(round.story())
        verdict = judged()
        verdict.looks = observers[-1].looks
        verdict.broken += [line for observer in observers for line in observer.broken]
    finally:
        round.close()
    seconds = time.monotonic() - started
    return RoundResult(round.base.engine, scenario, round.seed, seconds, verdict)


def drawn(engine: str, seed: int, name: str = "") -> Scenario:
    """The fault of the round with this seed: by name, or by chance and weight."""
    known = every(engine)
    if name:
        return next(found for found in known if found.name == name)
    return random.Random(f"{seed}-{engine}").choices(known, [one.weight for one in known])[0]


def rounds(engine: str, first_seed: int, count: int, name: str = "") -> Iterator[tuple[int, str]]:
    """Seeds and faults. In a long series every fault comes before chance decides."""
    known = [found.name for found in every(engine)]
    for number in range(count):
        seed = first_seed + number
        if name:
            yield seed, name
        elif count >= 2 * len(known) and number < len(known):
            yield seed, known[number]
        else:
            yield seed, drawn(engine, seed).name
