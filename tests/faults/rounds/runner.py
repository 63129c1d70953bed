"""Playing rounds: which fault comes next, one after the other, and what each showed."""

from __future__ import annotations

import random
import time
import traceback
from collections.abc import Iterator
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
    started = time.monotonic()
    round = Round(base, seed=seed)
    try:
        verdict = _act(round, scenario)
    finally:
        round.close()
    return RoundResult(base.engine, scenario, seed, time.monotonic() - started, verdict)


def _act(round: Round, scenario: Scenario) -> Verdict:
    with Observer(round.new_eye()) as observer:
        try:
            scenario.act(round)
            round.finish()
        except Exception:  # a defect of any kind must not end the other rounds
            round.broken.append(traceback.format_exc(limit=-3).strip())
            round.broken.append(round.story())
    verdict = judge(round)
    verdict.looks = observer.looks
    verdict.broken += observer.broken
    return verdict


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
