"""``python -m tests.faults.feeds --rounds 300 --databases sqlite,postgresql``: a feed, killed.

Each round has three starts of a mailing with a feed: with news, without any, with news again. The
processes are killed (-9) between reading, start and sending; the feed fails now and then.
``--seed N --rounds 1`` plays one again.
"""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial

from tests.faults.feeds.round import FeedInstall, play_feed
from tests.faults.rounds.runner import RoundResult
from tests.faults.rounds.series import play_series


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.feeds", description=__doc__)
    parser.add_argument("--rounds", type=int, default=300, help="in all, over the databases")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--seed", type=int, default=None, help="of the first round")
    options = parser.parse_args()
    first = options.seed if options.seed is not None else int(time.time()) % 1_000_000
    engines = options.databases.split(",")
    print(f"first seed {first}", flush=True)
    broken = 0
    for engine in engines:
        seeds = range(first, first + -(-options.rounds // len(engines)))
        played = play_series(partial(FeedInstall, engine), play_feed, seeds)
        broken += _report(engine, played)
    return 1 if broken else 0


def _report(engine: str, played: list[RoundResult]) -> int:
    broken = [one for one in played if one.verdict.broken]
    items = sum(one.verdict.acts for one in played)
    kills = sum(one.verdict.kills for one in played)
    minutes = sum(one.seconds for one in played) / 60
    print(
        f"\n{engine}: {len(played)} rounds in {minutes:.0f} minutes, {items} items published,"
        f" {kills} processes killed, {len(broken)} rounds with a broken promise.",
        flush=True,
    )
    for one in broken:
        print(f"broken: --databases {engine} --seed {one.seed} --rounds 1")
    return len(broken)


if __name__ == "__main__":
    sys.exit(main())
