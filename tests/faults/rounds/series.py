"""Rounds of one kind, one after the other, each printed when it is over."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from tests.faults.processes.base_install import BaseInstall
from tests.faults.rounds.runner import RoundResult

Install = TypeVar("Install", bound=BaseInstall)


def play_series(
    make: Callable[[Path], Install],
    play: Callable[[Install, int], RoundResult],
    seeds: Iterable[int],
) -> list[RoundResult]:
    """Play a round for each seed on an installation of their own. Ctrl-C ends it in order."""
    place = Path(tempfile.mkdtemp(prefix="vestnik-rounds-"))
    base = make(place)
    results: list[RoundResult] = []
    try:
        for seed in seeds:
            results.append(play(base, seed))
            print_round(len(results), results[-1])
    except KeyboardInterrupt:
        print("stopped manually")
    finally:
        base.close()
        shutil.rmtree(place, ignore_errors=True)
    return results


def print_round(number: int, played: RoundResult) -> None:
    """One line for the round, and what of it is broken below."""
    verdict = played.verdict
    word = "BROKEN" if verdict.broken else "ok"
    print(
        f"{number:4} {word:6} {played.engine:10} seed {played.seed} {played.scenario.name}"
        f" {played.seconds:.1f}s kills {verdict.kills} unknown {verdict.unknown}"
        f" recovery {verdict.recovery:.2f} late {verdict.late:.3f} looks {verdict.looks}",
        flush=True,
    )
    for line in verdict.broken[:8]:
        print(f"       {line[:1500]}", flush=True)
    for line in sorted(set(verdict.cries))[:4]:
        print(f"       cried: {line}", flush=True)


def report_series(engine: str, played: list[RoundResult], *, acts: str) -> int:
    """Print the sums of a series; ``acts``: what was done. Returns how many rounds are broken."""
    verdicts = [one.verdict for one in played]
    broken = [one for one in played if one.verdict.broken]
    minutes = sum(one.seconds for one in played) / 60
    print(
        f"\n{engine}: {len(played)} rounds in {minutes:.0f} minutes,"
        f" {sum(one.acts for one in verdicts)} {acts},"
        f" {sum(one.kills for one in verdicts)} processes killed,"
        f" {sum(one.unknown for one in verdicts)} letters unknown,"
        f" {sum(one.lost for one in verdicts)} lost,"
        f" {sum(one.doubled for one in verdicts)} doubled,"
        f" {sum(one.looks for one in verdicts)} snapshots,"
        f" {len(broken)} rounds with a broken promise.",
        flush=True,
    )
    for one in broken:
        print(f"broken: --databases {engine} --seed {one.seed} --rounds 1")
    return len(broken)
