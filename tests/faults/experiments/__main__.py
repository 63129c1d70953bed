"""``python -m tests.faults.experiments --rounds 50``: an experiment is decided, processes killed.

A mailing with two variants: the sample is sent, people react, the wait runs out, and schedulers,
workers and the command that chooses are killed (-9) around the decision. ``--seed N --rounds 1``
plays one again.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from functools import partial

from tests.faults.experiments.round import ExperimentInstall, play_experiment
from tests.faults.rounds.runner import RoundResult
from tests.faults.rounds.series import play_series


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.experiments", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="on each database")
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], help="one of the databases")
    parser.add_argument("--seed", type=int, default=None, help="of the first round")
    options = parser.parse_args()
    # In order as well when it runs in the background, where Ctrl-C does not reach.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    first = options.seed if options.seed is not None else int(time.time()) % 1_000_000
    print(f"first seed {first}", flush=True)
    broken = 0
    for engine in [options.engine] if options.engine else ["sqlite", "postgresql"]:
        seeds = range(first, first + options.rounds)
        broken += _report(
            engine, play_series(partial(ExperimentInstall, engine), play_experiment, seeds)
        )
    return 1 if broken else 0


def _report(engine: str, played: list[RoundResult]) -> int:
    verdicts = [one.verdict for one in played]
    broken = [one for one in played if one.verdict.broken]
    minutes = sum(one.seconds for one in played) / 60
    print(
        f"\n{engine}: {len(played)} rounds in {minutes:.0f} minutes,"
        f" {sum(one.acts for one in verdicts)} experiments decided,"
        f" {sum(one.kills for one in verdicts)} processes killed,"
        f" {sum(one.unknown for one in verdicts)} letters unknown,"
        f" {sum(one.lost for one in verdicts)} lost,"
        f" {sum(one.doubled for one in verdicts)} doubled,"
        f" {sum(one.looks for one in verdicts)} snapshots,"
        f" {len(broken)} rounds with a broken promise.",
        flush=True,
    )
    for one in broken:
        print(f"broken: --engine {engine} --seed {one.seed} --rounds 1")
    return len(broken)


if __name__ == "__main__":
    sys.exit(main())
