"""A mailing with two variants from the launch to the winner: ``python -m benchmarks.experiments``.

    python -m benchmarks.experiments [--count 100000] [--database postgresql|sqlite] [--seed N]

Sends the sample to a mail server on this machine that writes down what it accepts, lets persons
click (5 % in A, 10 % in B), ends the wait, and sends the others. Prints how evenly the recipients
were split, in which order they were sent to, how the others waited, who has won, and whether the
equation holds; then how many of 1 000 experiments in which nothing differs have a winner. Leaves
with 1 when something is not as it should be.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from apps.core.values.decisions import Seen, judge
from benchmarks.send import table
from tests.faults.experiments.seed import SUBJECTS
from tests.faults.installation import LEFT_OUT, STATES, Installation

#: Largest distance from an equal split, and largest share of false winners.
EVEN, FALSE = 0.005, 0.05
#: Simulated experiments, people of each of their variants, and the share of them who click.
_TESTS, _PEOPLE, _RATE = 1_000, 2_000, 0.1
_REACT: Final = """
import sys, django
django.setup()
from tests.faults.experiments.seed import react
react(*sys.argv[1:])
"""
_RUN: Final = f"""
SELECT r.state, r.reason, r.deferred_until, r.audience, {", ".join(f"r.{one}" for one in STATES)},
       {", ".join(f"r.left_{one}" for one in LEFT_OUT)} FROM mailings_run r"""
_DELIVERIES: Final = """
SELECT d.id, r.key, d.position, d.content_version, d.state
  FROM mailings_delivery d JOIN mailings_run r ON r.id = d.run_id"""
_EXPERIMENT: Final = """
SELECT due_at, judged_at, winner, chosen, "by", decided_at, figures FROM mailings_runexperiment"""

#: What is shown, the figure, and whether it is as it should be; None: nothing is asked of it.
Row = tuple[str, str, bool | None]


class Played:
    """One mailing, and what is known of it before and after the decision."""

    def __init__(self, place: Installation, count: int) -> None:
        self.place, self.count = place, count
        self.rows: list[Row] = []

    def play(self) -> None:
        done = self.place.run(
            [sys.executable, "-m", "tests.faults.experiments.seed", str(self.count)]
        )
        mailing = done.stdout.strip()
        assert mailing.isdigit(), done.stderr[-2000:]
        self._sample(mailing)
        sample = self._deliveries()
        clicks = [str(sum(one[3] == version for one in sample) // part) for version, part in _PARTS]
        done = self.place.run([sys.executable, "-c", _REACT, *clicks, "0"])
        assert done.returncode == 0, done.stderr[-2000:]
        started = time.perf_counter()
        self.place.manage("send_mailing", "--due")
        self._others(time.perf_counter() - started)

    def _deliveries(self, *, of_sample: bool = True) -> list[tuple[Any, ...]]:
        rows = self.place.query(_DELIVERIES)
        return [row for row in rows if (row[2] <= 0) == of_sample]

    def _sample(self, mailing: str) -> None:
        """Before the decision: the split, and how the others wait."""
        started = time.perf_counter()
        self.place.manage("send_mailing", mailing)
        seconds = time.perf_counter() - started
        sample, others = self._deliveries(), self._deliveries(of_sample=False)
        self._split("all recipients", [*sample, *others])
        self._split("the sample", sample)
        self._split("the others, until they get the winner", others)
        sent = sum(row[4] == "sent" for row in sample)
        self._say("sample sent", f"{sent} in {seconds:.1f} s", sent == len(sample))
        accepted = self._accepted()
        only = {f"{row[0]}.{row[1]}" for row in sample}
        self._say("accepted before the decision", f"{len(accepted)}", set(accepted) == only)
        untouched = sum(row[4] == "pending" for row in others)
        self._say("others waiting", f"{untouched}", untouched == len(others))
        state, reason, until = self.place.query(_RUN)[0][:3]
        due = self.place.query(_EXPERIMENT)[0][0]
        waits = (state, reason) == ("deferred", "experiment") and until == due is not None
        self._say("why and until when", f"{state}, {reason}, {until}", waits)

    def _split(self, name: str, rows: list[tuple[Any, ...]]) -> None:
        first = sum(row[3] == 1 for row in rows)
        share = first / max(len(rows), 1)
        # Half a percent of 100 000 is three standard deviations; of fewer so many more.
        allowed = max(EVEN, 1.6 / max(len(rows), 1) ** 0.5)
        text = f"A {first}, B {len(rows) - first} ({100 * share:.2f} % in A)"
        self._say(f"split of {name}", text, abs(share - 0.5) <= allowed)

    def _others(self, seconds: float) -> None:
        """After the decision: the winner, the order, and the equation."""
        _due, judged, winner, chosen, by, decided, figures = self.place.query(_EXPERIMENT)[0]
        seen = json.loads(figures) if isinstance(figures, str) else figures
        for number, one in enumerate(seen, 1):
            text = f"{one['events']} of {one['count']}, best with {100 * one['best']:.2f} %"
            self._say(f"clicks of {SUBJECTS[number]}", text, None)
        self._say("winner", f"{winner}, chosen {chosen} by the {by}", (winner, chosen) == (2, 2))
        self._say("judged and decided", f"{judged}, {decided}", judged == decided is not None)
        sample, others = self._deliveries(), self._deliveries(of_sample=False)
        got = sum(row[3] == chosen and row[4] == "sent" for row in others)
        self._say("others who got the winner", f"{got} in {seconds:.1f} s", got == len(others))
        accepted = self._accepted()
        only = {f"{row[0]}.{row[1]}" for row in sample}
        first = set(accepted[: len(sample)]) == only
        self._say("sample first, by the mail server", f"{len(sample)} letters", first)
        once = len(accepted) == len(set(accepted)) == self.count
        self._say("accepted, each once", f"{len(accepted)}", once)
        state, _reason, _until, audience, *terms = self.place.query(_RUN)[0]
        in_states = terms[: len(STATES)]
        known = dict(zip(STATES, in_states, strict=True))
        shown = " + ".join(f"{count} {name}" for name, count in known.items() if count)
        whole = state == "done" and audience == sum(in_states) == self.count
        self._say("equation", f"{audience} = {shown}", whole)

    def _accepted(self) -> list[str]:
        """The letters in the order in which the mail server accepted them."""
        lines = self.place.log.read_text(encoding="utf-8").splitlines()
        return [line.split()[0].partition("@")[0] for line in lines]

    def _say(self, name: str, figure: str, good: bool | None) -> None:
        self.rows.append((name, figure, good))


#: Of which so-manieth part of a variant's sample persons click.
_PARTS: Final = ((1, 20), (2, 10))


def false_winners(variants: int, seed: int) -> Row:
    """How many experiments have a winner in which all variants are the same."""
    dice = random.Random(seed)
    won = 0
    for _test in range(_TESTS):
        events = [sum(dice.random() < _RATE for _person in range(_PEOPLE)) for _ in range(variants)]
        won += judge([Seen(_PEOPLE, one) for one in events]).winner is not None
    text = f"{won} of {_TESTS} ({100 * won / _TESTS:.1f} %)"
    return f"false winners, {variants} variants alike", text, won <= FALSE * _TESTS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.experiments", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1, help="of the simulated experiments")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        place = Installation(Path(directory), engine=options.database)
        played = Played(place, options.count)
        try:
            place.start(jitter=0.0)
            played.play()
        finally:
            place.close()
    rows = [*played.rows, *(false_winners(variants, options.seed) for variants in (2, 5))]
    marks = {True: "yes", False: "NO", None: ""}
    table([["what", "figure", "as it should be"]] + [[a, b, marks[good]] for a, b, good in rows])
    return int(any(good is False for _name, _figure, good in rows))


if __name__ == "__main__":
    sys.exit(main())
