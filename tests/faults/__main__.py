"""``python -m tests.faults --rounds 500 --databases sqlite,postgresql``: faults at random.

Every round has a seed, which is printed; ``--seed N --rounds 1 --only NAME`` plays it again: the
same fault, the same choices, and as nearly the same moment as processes allow.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.processes.base_install import AUDIENCE, BaseInstall
from tests.faults.rounds.runner import RoundResult, play_round, rounds
from tests.faults.rounds.series import print_round
from tests.faults.rounds.table import table, write_between
from tests.faults.scenarios import every


def main() -> int:
    options = _options()
    engines = options.databases.split(",")
    if options.list:
        for engine in engines:
            for found in every(engine):
                print(f"{engine:11} {found.code} {found.name:32} {found.title}")
        return 0
    # In order as well when it runs in the background, where Ctrl-C does not reach.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    all_played: list[RoundResult] = []
    started = time.monotonic()
    with ExitStack() as stack:
        place = Path(tempfile.mkdtemp(prefix="vestnik-faults-"))
        stack.callback(shutil.rmtree, place, ignore_errors=True)
        bases = [BaseInstall(engine, place / engine) for engine in engines]
        for base in bases:
            stack.callback(base.close)
        try:
            _play_rounds(bases, options, all_played)
        except KeyboardInterrupt:
            print("stopped manually")
    broken = [played for played in all_played if played.verdict.broken]
    _report(all_played, broken, time.monotonic() - started, options)
    return 1 if broken else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--rounds", type=int, default=500, help="in all, over the databases")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--seed", type=int, default=None, help="of the first round")
    parser.add_argument("--only", default="", metavar="NAME", help="this fault only (see --list)")
    parser.add_argument("--list", action="store_true", help="the faults that there are")
    parser.add_argument("--report", type=Path, help="a page with markers to write the table into")
    return parser.parse_args()


def _play_rounds(
    bases: list[BaseInstall], options: argparse.Namespace, results: list[RoundResult]
) -> None:
    """In turns, so that a series cut short has seen every database."""
    first = options.seed if options.seed is not None else int(time.time()) % 1_000_000
    print(f"first seed {first}")
    share = -(-options.rounds // len(bases))
    plans = [
        [(base, *drawn) for drawn in rounds(base.engine, first, share, options.only)]
        for base in bases
    ]
    for turn in zip(*plans, strict=True):
        for base, seed, name in turn:
            scenario = next(found for found in every(base.engine) if found.name == name)
            played = play_round(base, scenario, seed)
            results.append(played)
            print_round(len(results), played)


def _report(
    all_played: list[RoundResult],
    broken: list[RoundResult],
    seconds: float,
    options: argparse.Namespace,
) -> None:
    text = table(all_played)
    looks = sum(played.verdict.looks for played in all_played)
    late = max((played.verdict.late for played in all_played), default=0.0)
    sentence = (
        f"{len(all_played)} rounds of {AUDIENCE} recipients in {seconds / 60:.0f} minutes on"
        f" {datetime.now(UTC):%Y-%m-%d}, {looks} snapshots, {len(broken)} rounds with a broken"
        f" promise. Latest message after a mailing's end: {late * 1000:.0f} ms, by the receiver's"
        " clock."
    )
    print(f"\n{sentence}\n\n{text}")
    for played in broken:
        print(f"broken: --databases {played.engine} --seed {played.seed} --rounds 1", end=" ")
        print(f"--only {played.scenario.name}")
    if options.report:
        write_between(options.report, f"{sentence}\n\n{text}")


if __name__ == "__main__":
    sys.exit(main())
