"""How fast texts go out through a gateway over HTTP, everything recorded.

    python -m benchmarks.gateway [--count 6000] [--rounds 3] [--connections 8] [--delay SECONDS]

Needs PostgreSQL on 127.0.0.1:5432 (user postgres, trust). The gateway (benchmarks/http_sink.py)
is a process of its own and says yes at once, or after ``--delay``. The rival is what mostly is
written: a task per message that opens a connection, posts, and writes one row by the ORM. Celery
is not needed to run this, so the rival is a pool of as many threads as ours has connections (40
at most: each needs a database connection), each making one ``httpx.post`` and one
``Attempt.objects.create`` per message; a broker would only cost it more. It checks no
certificates, which spares it the loading of the authorities at every call. The two take turns.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

from benchmarks.send import free_port, table, wait_for
from tests.faults.installation import Installation

TEXT = "Здравствуйте, {{ full_name }}! Ваш код скидки: 10% до конца недели."
RIVAL = "a task per message: httpx.post + one ORM row (threads, standing in for Celery)"


# --- the contenders: each round in a process of its own ---


def seed(count: int) -> dict[str, Any]:
    """Recipients with phones."""
    from apps.mailings.models import Recipient
    from apps.users.models import User

    owner, _ = User.objects.get_or_create(email="owner@example.org")
    Recipient.objects.bulk_create(
        (
            Recipient(owner=owner, phone=f"79{number:09d}", full_name=f"Анна Иванова {number}")
            for number in range(count)
        ),
        batch_size=5000,
    )
    return {}


def ours(count: int) -> dict[str, Any]:
    """Launch, freeze, then send; only the sending is timed."""
    from apps.delivery.engine.launch import prepare
    from apps.delivery.service import service
    from apps.mailings.models import Attempt, Run

    mailing = _mailing()
    run_id = service.launch(mailing_id=mailing.pk, trigger="command").run_id
    prepare(run_id)
    started, busy = time.perf_counter(), time.process_time()
    service.work_until(run_id, threading.Event())
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    run = Run.objects.get(pk=run_id)
    attempts = Attempt.objects.filter(mailing=mailing, status="success").count()
    if (run.sent, run.audience, attempts) != (count, count, count):
        raise SystemExit(f"sent {run.sent} of {run.audience}, {attempts} attempts")
    return {"seconds": seconds, "count": count, "busy": busy}


def rival(count: int) -> dict[str, Any]:
    """As many threads as ours has connections; one call and one row each."""
    import httpx
    from django.conf import settings
    from django.utils import timezone

    from apps.mailings.models import Attempt, Recipient

    account, mailing = settings.ACCOUNTS["sms"], _mailing()
    recipients = list(Recipient.objects.filter(owner=mailing.owner)[:count])

    def task(recipient: Recipient) -> None:
        text = TEXT.replace("{{ full_name }}", recipient.full_name)
        answer = httpx.post(
            f"{account.url}/send/{recipient.pk}",
            json={"id": recipient.pk, "phone": int(recipient.phone or 0), "text": text},
            headers={"Authorization": f"Bearer {account.token}"},
            timeout=30,
            trust_env=False,
            verify=False,
        )
        Attempt.objects.create(
            mailing=mailing,
            recipient=recipient,
            run_number=1,
            trigger="command",
            status="success" if answer.json()["code"] == 0 else "failure",
            created_at=timezone.now(),
        )

    started, busy = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(min(account.max_connections, 40)) as pool:
        list(pool.map(task, recipients))
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "count": len(recipients), "busy": time.process_time() - busy}


def _mailing() -> Any:
    from django.utils import timezone

    from apps.mailings.models import Mailing, Message
    from apps.users.models import User

    owner = User.objects.get(email="owner@example.org")
    message = Message.objects.create(owner=owner, subject="SMS", text=TEXT)
    now = timezone.now()
    return Mailing.objects.create(
        owner=owner,
        name="benchmark",
        message=message,
        everyone=True,
        channel="phone",
        account="sms",
        starts_at=now - timedelta(minutes=1),
        ends_at=now + timedelta(days=1),
    )


# --- the race ---


def contend(place: Installation, name: str, count: int) -> tuple[float, float]:
    """Messages per second, and microseconds of our processor per message."""
    done = place.run([sys.executable, "-m", "benchmarks.gateway", "--contender", name, str(count)])
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
    got = json.loads(done.stdout.splitlines()[-1])
    if not got:
        return 0.0, 0.0
    return got["count"] / got["seconds"], got["busy"] / got["count"] * 1e6


def race(place: Installation, options: argparse.Namespace) -> None:
    """Both in turn, ``rounds`` times; medians and the ratio."""
    counts = {"ours": options.count, "rival": min(options.count, 1500)}
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in counts}
    for number in range(options.rounds):
        for name, count in counts.items():
            rates[name].append(contend(place, name, count))
            print(f"round {number + 1}  {name:<6} {rates[name][-1][0]:>7.0f}/s", flush=True)
    median = {name: statistics.median(rate for rate, _ in got) for name, got in rates.items()}
    busy = {name: statistics.median(us for _, us in got) for name, got in rates.items()}
    rows = [["sender", "messages/s", "us of processor each", "ratio"]]
    for name, title in (("ours", "Vestnik"), ("rival", RIVAL)):
        ratio = f"{median[name] / median['rival']:.1f}"
        rows.append([title, f"{median[name]:.0f}", f"{busy[name]:.0f}", ratio])
    table(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=6000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", default="8")
    parser.add_argument("--delay", default="0", help="seconds the gateway takes to answer")
    parser.add_argument("--contender", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        django.setup()
        what = {"seed": seed, "ours": ours, "rival": rival}[options.contender[0]]
        print(json.dumps(what(int(options.contender[1]))))
        return
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        place = Installation(
            Path(directory),
            engine="postgresql",
            ACCOUNTS__SMS__KIND="gateway",
            ACCOUNTS__SMS__URL=f"http://127.0.0.1:{port}/v1",
            ACCOUNTS__SMS__TOKEN="benchmark",
            ACCOUNTS__SMS__MAX_CONNECTIONS=options.connections,
        )
        try:
            place.start(port=port)
            place.spawn([sys.executable, "-m", "benchmarks.http_sink", str(port), options.delay])
            wait_for(port)
            contend(place, "seed", options.count)
            race(place, options)
        finally:
            place.close()


if __name__ == "__main__":
    main()
