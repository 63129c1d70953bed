"""Backup and restoring: ``python -m benchmarks.backup [--count 1000000] [--engine postgresql]``.

Fills an installation with so many recipients and five attempts for each, saves it, and restores it
into another one, each in a process of its own. Shows seconds, size and peak memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import django

from benchmarks.send import table
from tests.faults.installation import Installation

#: Each recipient has one attempt in each of so many runs.
RUNS: Final = 5
_CHUNK: Final = 5_000


def fill(count: int) -> None:
    """Put the rows in, past the engine."""
    from apps.mailings.models import Attempt, Delivery, Recipient
    from tests.factories import RunFactory, UserFactory

    facts: dict[str, Any]
    owner = UserFactory.create()
    for start in range(0, count, _CHUNK):
        numbers = range(start, min(count, start + _CHUNK))
        Recipient.objects.bulk_create(
            Recipient(owner=owner, email=f"{one}@example.org") for one in numbers
        )
    for _number in range(RUNS):
        run = RunFactory.create(mailing__owner=owner, state="done", sent=count)
        run.frozen_at = run.finished_at = run.queued_at
        run.save()
        for some in _chunks(Recipient.objects.filter(owner=owner).order_by("pk")):
            facts = {"run": run, "channel": "email", "state": "sent", "changed_at": run.queued_at}
            rows = Delivery.objects.bulk_create(
                Delivery(recipient_id=pk, address=f"{pk}@example.org", **facts) for pk in some
            )
            facts = {"mailing": run.mailing, "run_number": run.number, "trigger": "manual"}
            facts |= {"status": "success", "account": "email", "created_at": run.queued_at}
            Attempt.objects.bulk_create(
                Attempt(delivery=row, recipient_id=row.recipient_id, code=250, **facts)
                for row in rows
            )


def _chunks(rows: Any) -> Iterator[list[int]]:
    last = 0
    while some := list(rows.filter(pk__gt=last).values_list("pk", flat=True)[:_CHUNK]):
        yield some
        last = some[-1]


def part(name: str, archive: Path, count: int) -> None:
    """Inside an installation: do one thing, and print one JSON line."""
    django.setup()
    from apps.delivery.backup.restoring import restore
    from apps.delivery.backup.taking import take

    started = time.perf_counter()
    if name == "fill":
        fill(count)
    else:
        take(archive) if name == "backup" else restore(archive)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": time.perf_counter() - started, "peak": peak}))


def measured(place: Installation, name: str, archive: Path, count: int) -> dict[str, float]:
    """What a part of it took. It may take hours."""
    args = ["--part", name, "--archive", str(archive), "--count", str(count)]
    process = place.spawn([sys.executable, "-m", "benchmarks.backup", *args], stdout=-1)
    printed, _none = process.communicate()
    if process.returncode:
        raise SystemExit(f"{name} failed")
    found: dict[str, float] = json.loads(printed.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("--archive", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        part(options.part, options.archive, options.count)
        return
    with tempfile.TemporaryDirectory() as directory:
        archive = Path(directory) / "all.zip"
        places = [Installation(Path(directory) / one, engine=options.engine) for one in "ab"]
        try:
            for place in places:
                place.start(port=9)
            measured(places[0], "fill", archive, options.count)
            saved = measured(places[0], "backup", archive, options.count)
            restored = measured(places[1], "restore", archive, options.count)
        finally:
            for place in places:
                place.close()
        table(
            [
                ["recipients, attempts", f"{options.count:,}, {options.count * RUNS:,}"],
                ["archive", f"{archive.stat().st_size / 1e6:.0f} MB"],
                ["backup", f"{saved['seconds']:.1f} s, {saved['peak']:.0f} MB of memory"],
                ["restore", f"{restored['seconds']:.1f} s, {restored['peak']:.0f} MB of memory"],
            ]
        )


if __name__ == "__main__":
    main()
