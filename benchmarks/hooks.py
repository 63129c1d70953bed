"""How fast events from outside are accepted: ``python -m benchmarks.hooks``.

    python -m benchmarks.hooks [--count 2000] [--rounds 3] [--connections 8] [--together 100]

Needs PostgreSQL on 127.0.0.1:5432 (user postgres, trust). The site is the real one (``manage.py
serve``, its scheduler running), the caller another process on the same machine, with so many
connections that stay open. Every call to ``/hooks/generic/<secret>/`` is signed and has so many
events together, as providers send them, each about another delivery of one run that is done: all of
them move one row of counters, which is the worst case. Answered is what is committed. "sent twice"
is the first events once more.
"""

from __future__ import annotations

import argparse
import hmac
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import django

from benchmarks.send import free_port, table
from config.environment import BASE_DIR
from tests.faults.installation import Installation

SECRET: Final = "benchmark-0123456789-0123456789"
KEY: Final = "benchmark-0123456789"
LIMIT: Final = 1000.0  # events per second, when they come together
#: The columns of the table: what is reported of each letter.
EVENTS: Final = {
    "delivered": {"event": "delivered"},
    "sent twice": {"event": "delivered"},
    "no such address": {"event": "bounced", "status": "5.1.1", "description": "550 5.1.1 unknown"},
}


def seed(count: int) -> None:
    """A run that is done, inside the installation: prints its key and its deliveries' ids."""
    django.setup()
    from django.utils import timezone

    from apps.mailings.models import Delivery, Recipient

    now = timezone.now()
    run = _run(count, now)
    recipients = Recipient.objects.bulk_create(
        Recipient(owner=run.mailing.owner, email=f"{run.pk}.{number}@example.org")
        for number in range(count)
    )
    rows = Delivery.objects.bulk_create(
        Delivery(
            run=run,
            recipient=recipient,
            channel="email",
            address=str(recipient.email),
            state="sent",
            tries=1,
            changed_at=now,
        )
        for recipient in recipients
    )
    print(json.dumps([run.key, [row.pk for row in rows]]))


def _run(count: int, now: datetime) -> Any:
    from apps.mailings.models import Mailing, Message, Run
    from apps.users.models import User

    owner, _ = User.objects.get_or_create(email="owner@example.org")
    mailing = Mailing.objects.create(
        owner=owner,
        name="benchmark",
        message=Message.objects.create(owner=owner, subject="News", text="text"),
        channel="email",
        account="sink",
        everyone=True,
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=1),
    )
    return Run.objects.create(
        mailing=mailing,
        number=1,
        state="done",
        outcome="success",
        trigger="manual",
        channel="email",
        account="sink",
        queued_at=now,
        key="0123456789ab",
        content={},
        audience=count,
        sent=count,
    )


def post_events(port: int, connections: int, bodies: list[bytes]) -> tuple[float, list[float]]:
    """Post them all. Returns the seconds it took, and the milliseconds of each."""
    parts = [bodies[number::connections] for number in range(connections)]
    started = time.perf_counter()
    with ThreadPoolExecutor(connections) as hands:
        times = [
            took
            for part in hands.map(lambda part: list(_posted(port, part)), parts)
            for took in part
        ]
    return time.perf_counter() - started, times


def _posted(port: int, bodies: list[bytes]) -> Iterator[float]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as line:
        for body in bodies:
            started = time.perf_counter()
            timestamp = str(int(time.time()))
            signature = hmac.new(KEY.encode(), timestamp.encode() + b"." + body, "sha256")
            headers = {
                "Content-Type": "application/json",
                "X-Timestamp": timestamp,
                "X-Signature": signature.hexdigest(),
            }
            line.request("POST", f"/hooks/generic/{SECRET}/", body, headers)
            answer = line.getresponse()
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"the hook answers {answer.status}")
            yield (time.perf_counter() - started) * 1000


def bodies_of(kind: str, key: str, ids: list[int], together: int) -> list[bytes]:
    """One event for each delivery, as a provider names letters, so many of them in a call."""
    name = "reported" if "delivered" in EVENTS[kind].values() else kind
    events = [
        {
            "event_id": f"{name}-{number}",
            "message_id": f"<{number}.{key}@example.org>",
            "timestamp": "2026-11-25T10:00:00+00:00",
            **EVENTS[kind],
        }
        for number in ids
    ]
    starts = range(0, len(events), together)
    return [json.dumps({"events": events[start : start + together]}).encode() for start in starts]


def measure(place: Installation, port: int, options: argparse.Namespace) -> bool:
    """The table. Returns whether every kind keeps to the limit."""
    command = [sys.executable, "-m", "benchmarks.hooks", "--seed", str(options.count)]
    got: dict[str, list[tuple[float, list[float]]]] = {kind: [] for kind in EVENTS}
    for _ in range(options.rounds):
        for kind in EVENTS:
            if kind != "sent twice":
                done = place.run(command)
                if done.returncode:
                    raise SystemExit(done.stderr[-3000:])
                key, ids = json.loads(done.stdout.splitlines()[-1])
            bodies = bodies_of(kind, key, ids, options.together)
            seconds, times = post_events(port, options.connections, bodies)
            got[kind].append((len(ids) / seconds, times))
    rows = [["events", "events/s", "a call: median ms", "95 of 100 within ms"]]
    for kind, rounds in got.items():
        times = [took for _, each in rounds for took in each]
        rate = statistics.median(rate for rate, _ in rounds)
        late = statistics.quantiles(times, n=20)[-1]
        rows.append([kind, f"{rate:.0f}", f"{statistics.median(times):.1f}", f"{late:.1f}"])
    table(rows)
    return all(float(row[1]) >= LIMIT for row in rows[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--together", type=int, default=100)
    parser.add_argument("--seed", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.seed:
        seed(options.seed)
        return
    keys: dict[str, Any] = {"HOOK_SECRET": SECRET, "HOOK_GENERIC_KEY": KEY}
    with tempfile.TemporaryDirectory() as directory:
        place = Installation(Path(directory), engine="postgresql", **keys)
        try:
            place.start()
            port = free_port()
            command = [sys.executable, str(BASE_DIR / "manage.py"), "serve", "--port", str(port)]
            site = place.spawn(command, stdout=subprocess.PIPE)
            assert site.stdout is not None
            if not site.stdout.readline().startswith("Serving"):
                raise SystemExit("the site did not start")
            raise SystemExit(0 if measure(place, port, options) else 1)
        finally:
            place.close()


if __name__ == "__main__":
    main()
