"""``python -m tests.faults.rights --rounds 100 --databases sqlite,postgresql``: rights, killed.

People subscribe, confirm, leave and change their preferences over the real pages while a run goes;
workers and the pages' processes are killed (-9). ``--seed N --rounds 1`` plays one again.
"""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial

from tests.faults.rights.round import RightsInstall, play_rights
from tests.faults.rounds.runner import RoundResult
from tests.faults.rounds.series import play_series
from tests.faults.rounds.table import table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.rights", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="on each database")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--seed", type=int, default=None, help="of the first round")
    options = parser.parse_args()
    first = options.seed if options.seed is not None else int(time.time()) % 1_000_000
    print(f"first seed {first}", flush=True)
    broken = 0
    for engine in options.databases.split(","):
        seeds = range(first, first + options.rounds)
        played = play_series(partial(RightsInstall, engine), play_rights, seeds)
        broken += _report(engine, played)
    return 1 if broken else 0


def _report(engine: str, played: list[RoundResult]) -> int:
    broken = [one for one in played if one.verdict.broken]
    verdicts = [one.verdict for one in played]
    acts, left = sum(one.acts for one in verdicts), sum(one.left for one in verdicts)
    looks = sum(one.looks for one in verdicts)
    minutes = sum(one.seconds for one in played) / 60
    print(
        f"\n{engine}: {len(played)} rounds in {minutes:.0f} minutes, {acts} acts at the pages,"
        f" {left} left out because they had gone in mid-run, {looks} snapshots,"
        f" {len(broken)} rounds with a broken promise.\n\n{table(played)}\n",
        flush=True,
    )
    for one in broken:
        print(f"broken: --databases {engine} --seed {one.seed} --rounds 1")
    return len(broken)


if __name__ == "__main__":
    sys.exit(main())
