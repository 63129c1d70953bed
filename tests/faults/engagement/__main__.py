"""``python -m tests.faults.engagement --rounds 50``: the site is killed while people react.

Every opening and click that got its answer is counted, and none twice, though the site and one of
two readers of its spools are killed (-9) in each round. ``--seed N --rounds 1`` plays one again.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.engagement.round import EngagementInstall


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.engagement", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="on each database")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--seed", type=int, default=None, help="of the first round")
    options = parser.parse_args()
    first = options.seed if options.seed is not None else int(time.time()) % 1_000_000
    print(f"first seed {first}", flush=True)
    return sum(_play(engine, first, options.rounds) for engine in options.databases.split(","))


def _play(engine: str, first: int, rounds: int) -> int:
    place = Path(tempfile.mkdtemp(prefix="vestnik-engagement-"))
    install = EngagementInstall(engine, place)
    failed = 0
    try:
        for seed in range(first, first + rounds):
            broken = install.play(seed)
            failed += bool(broken)
            print(f"{engine} seed {seed}: {'; '.join(broken) or 'ok'}", flush=True)
        unanswered = len(install.asked) - len(install.answered)
        print(
            f"{engine}: {rounds} rounds, {len(install.answered)} answered, {unanswered} cut off,"
            f" {failed} rounds with a broken promise",
            flush=True,
        )
    finally:
        install.close()
        shutil.rmtree(place, ignore_errors=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
