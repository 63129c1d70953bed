"""How many people an automation moves a second: ``python -m benchmarks.automations``.

    python -m benchmarks.automations [--count 1000000] [--database postgresql|sqlite]
    python -m benchmarks.automations --listened      a webhook receives what happens

Fills a database of its own, then in one process: enrols everybody manually, moves all of them
through a step that gives them a tag and into a wait, and looks what a turn costs at which nobody is
due. Says whether the bars for a million on PostgreSQL are met: 120 s, 180 s, 10 ms, and memory that
does not grow with the people.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import django

from benchmarks.send import table
from tests.faults.installation import Installation

#: Of a million: seconds to enrol and to move, milliseconds of an idle turn; megabytes in all.
ENROL, MOVE, IDLE, MEMORY = 120.0, 180.0, 10.0, 400.0
_MILLION: Final = 1_000_000
_IDLE_TURNS: Final = 51


def measure(options: argparse.Namespace) -> None:
    """Inside the installation: prints one JSON line."""
    django.setup()
    from django.utils import timezone

    from apps.automations.job import turn
    from apps.automations.models import Automation, AutomationVersion
    from apps.automations.services import automations, people
    from apps.mailings.models import Recipient, RecipientTag, Tag
    from apps.users.models import User

    owner = User.objects.get(email="owner@example.org")
    tag = Tag.objects.create(owner=owner, name="seen")
    draft = _draft(tag.pk)
    automation = Automation.objects.create(owner=owner, name="Benchmark", draft=draft)
    automations.activate(automation=automation, now=timezone.now())
    if options.listened:
        _listen(owner)
    longest = _watch_transactions()
    started = time.perf_counter()
    everybody = Recipient.objects.filter(owner=owner)
    count = people.enrol_people(automation=automation, people=everybody, now=timezone.now())
    enrolled, enrol_longest = time.perf_counter() - started, longest()
    started = time.perf_counter()
    turn()
    moved, move_longest = time.perf_counter() - started, longest()
    idle = [_milliseconds(turn) for _ in range(_IDLE_TURNS)][1:]
    version = AutomationVersion.objects.get()
    assert version.waiting == count == RecipientTag.objects.filter(tag=tag).count()
    facts = {
        "count": count,
        "enrol": enrolled,
        "enrol_longest": enrol_longest,
        "move": moved,
        "move_longest": move_longest,
        "idle": statistics.median(idle),
        "idle_worst": max(idle),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(facts))


def _draft(tag: int) -> dict[str, Any]:
    steps = [
        {"key": "tag", "kind": "act", "act": "add_tag", "tag": tag},
        {"key": "rest", "kind": "wait", "seconds": 86_400},
    ]
    return {"trigger": {"kind": "manual"}, "steps": steps}


def _listen(owner: Any) -> None:
    """A webhook that is paused: what it would be sent is kept."""
    from django.utils import timezone

    from apps.api.webhooks.models import Webhook

    now, url = timezone.now(), "https://example.org/"
    paused = {"paused_at": now, "runs_reported_until": now, "attempt_cursor": 0}
    Webhook.objects.create(owner=owner, url=url, automations=True, **paused)


def _milliseconds(turn: Any) -> float:
    started = time.perf_counter()
    turn()
    return (time.perf_counter() - started) * 1000


def _watch_transactions() -> Any:
    """Return what says how long the longest transaction was since it was asked last."""
    from django.db import transaction

    enter, leave = transaction.Atomic.__enter__, transaction.Atomic.__exit__
    begun: list[float] = []
    took = [0.0]

    def entering(self: Any) -> None:
        begun.append(time.perf_counter())
        enter(self)

    def leaving(self: Any, *args: Any) -> None:
        leave(self, *args)
        took.append(time.perf_counter() - begun.pop())

    setattr(transaction.Atomic, "__enter__", entering)
    setattr(transaction.Atomic, "__exit__", leaving)

    def longest() -> float:
        found = max(took)
        took[:] = [0.0]
        return found

    return longest


def show(got: dict[str, Any]) -> bool:
    """The table. Returns whether the bars are met, in proportion to the number of people."""
    share = got["count"] / _MILLION
    bars = [
        ("enrol, s", got["enrol"], ENROL * share),
        ("tag and wait, s", got["move"], MOVE * share),
        ("idle turn, ms", got["idle"], IDLE),
        ("memory, MB", got["memory"], MEMORY),
    ]
    rows = [["", "measured", "bar", ""]]
    for name, found, bar in bars:
        rows.append([name, f"{found:.1f}", f"{bar:.1f}", "" if found <= bar else "missed"])
    for name in ("enrol_longest", "move_longest"):
        rows.append([f"{name.replace('_', ', ')} transaction, s", f"{got[name]:.2f}", "", ""])
    rows.append(["idle turn at worst, ms", f"{got['idle_worst']:.1f}", "", ""])
    print(f"{got['count']:,} recipients")
    table(rows)
    return all(found <= bar for _name, found, bar in bars)


def in_installation(options: argparse.Namespace) -> dict[str, Any]:
    """Run the benchmark's part in an installation of its own."""
    with tempfile.TemporaryDirectory() as directory:
        place = Installation(Path(directory) / "place", engine=options.database)
        try:
            place.start(port=9)
            seeded = place.run([sys.executable, "-m", "benchmarks.seed", str(options.count)])
            if seeded.returncode:
                raise SystemExit(seeded.stderr[-3000:])
            if options.database == "postgresql":
                place.on_tables("ANALYZE")  # its daemon does so within a minute
            args = ["--part", *(["--listened"] if options.listened else [])]
            done = place.run([sys.executable, "-m", "benchmarks.automations", *args])
            if done.returncode:
                raise SystemExit(done.stderr[-3000:])
            found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
            return found
        finally:
            place.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=_MILLION)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--listened", action="store_true", help="a webhook receives what happens")
    parser.add_argument("--part", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        measure(options)
        return
    raise SystemExit(0 if show(in_installation(options)) else 1)


if __name__ == "__main__":
    main()
