"""``python -m tests.faults.automations --rounds 200``: people are moved, processes killed.

2 000 people go through an automation with every kind of step while the processes that move them and
send their letters are killed (-9). ``--seed N --rounds 1`` plays one again.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from functools import partial

from tests.faults.automations.round import AutomationInstall, play_automation
from tests.faults.rounds.series import play_series, report_series


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.automations", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="in all, over the databases")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=None, help="of the first round")
    options = parser.parse_args()
    # In order as well when it runs in the background, where Ctrl-C does not reach.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    first = options.seed if options.seed is not None else int(time.time()) % 1_000_000
    engines = options.databases.split(",")
    print(f"first seed {first}", flush=True)
    broken = 0
    for engine in engines:
        seeds = range(first, first + -(-options.rounds // len(engines)))
        make = partial(AutomationInstall, engine, people=options.people)
        played = play_series(make, play_automation, seeds)
        broken += report_series(engine, played, acts="steps done")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
