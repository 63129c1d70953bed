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
from tests.faults.rounds.series import play_series, report_series


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.experiments", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="on each database")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--seed", type=int, default=None, help="of the first round")
    options = parser.parse_args()
    # In order as well when it runs in the background, where Ctrl-C does not reach.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    first = options.seed if options.seed is not None else int(time.time()) % 1_000_000
    print(f"first seed {first}", flush=True)
    broken = 0
    for engine in options.databases.split(","):
        seeds = range(first, first + options.rounds)
        played = play_series(partial(ExperimentInstall, engine), play_experiment, seeds)
        broken += report_series(engine, played, acts="experiments decided")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
