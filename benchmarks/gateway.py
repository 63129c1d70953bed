"""How fast texts go out through a gateway over HTTP, everything recorded.

    python -m benchmarks.gateway [--count 6000] [--rounds 3] [--connections 8] [--delay SECONDS]
    python -m benchmarks.gateway --pages 5 [--count 20000] [--connections 8]

Needs PostgreSQL on 127.0.0.1:5432 (user postgres, trust) and Redis on 127.0.0.1:6379. The gateway
(benchmarks/peers/http_sink.py) is a process of its own and says yes at once, or after ``--delay``.
The rival (benchmarks/peers/celery_rival.py) is what mostly is written: a Celery task per message
that makes one ``requests.post`` and writes one row by the ORM, in as many processes as ours has
connections. Its queueing and its start are not counted. The two take turns.

With ``--pages`` nobody races: for so many seconds each, the pages of a mailing are asked for in the
very process that sends it through a gateway that answers at once, slowly, with HTML, and never.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

from benchmarks.send import free_port, table, wait_for
from tests.faults.installation import Installation

TEXT = "Здравствуйте, {{ full_name }}! Ваш код скидки: 10% до конца недели."
#: The accounts whose gateways are right or wrong in one way each, and how they are shown.
FAULTS = {"sms": "at once", "slow": "after 0.9 s", "html": "HTML", "silent": "never"}
PAGES = ("/mailings/{mailing}/", "/mailings/{mailing}/panel/", "/queue/poll/", "/attempts/")
RIVAL = "a Celery task per message: requests.post + one row by the ORM"


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
    from apps.delivery.engine.runs.launch import freeze_audience
    from apps.delivery.service import service
    from apps.mailings.models import Attempt, Run

    mailing = _mailing()
    run_id = service.launch(mailing_id=mailing.pk, trigger="command").run_id
    freeze_audience(run_id)
    started = time.perf_counter()
    service.work_until(run_id, threading.Event())
    seconds = time.perf_counter() - started
    run = Run.objects.get(pk=run_id)
    attempts = Attempt.objects.filter(mailing=mailing, status="success").count()
    if (run.sent, run.audience, attempts) != (count, count, count):
        raise SystemExit(f"sent {run.sent} of {run.audience}, {attempts} attempts")
    return {"seconds": seconds, "count": count}


def rival(count: int) -> dict[str, Any]:
    """As many processes as ours has connections; one call and one row each."""
    from django.conf import settings

    from apps.mailings.models import Recipient
    from benchmarks.peers.celery_rival import consumed

    mailing = _mailing()
    tasks = [
        (mailing.pk, one.pk, one.phone, TEXT.replace("{{ full_name }}", one.full_name))
        for one in Recipient.objects.filter(owner=mailing.owner)[:count]
    ]
    seconds = consumed(mailing.pk, tasks, settings.ACCOUNTS["sms"].max_connections)
    return {"seconds": seconds, "count": len(tasks)}


def pages(seconds: int) -> dict[str, Any]:
    """Milliseconds of every page while this process sends: gateway, page, median, worst, count."""
    from django.conf import settings
    from django.test import Client

    from apps.delivery.service import service

    settings.ALLOWED_HOSTS = ["*"]
    client, mailing = Client(), _mailing()
    client.force_login(mailing.owner)
    rows = _asked(client, "nothing is sent", mailing.pk, time.monotonic() + seconds)
    for account, fault in FAULTS.items():
        mailing = _mailing(account)
        run_id = service.launch(mailing_id=mailing.pk, trigger="command").run_id
        stop = threading.Event()
        sender = threading.Thread(target=service.work_until, args=(run_id, stop))
        sender.start()
        try:
            rows += _asked(client, fault, mailing.pk, time.monotonic() + seconds)
        finally:
            stop.set()
            sender.join()
    return {"rows": rows}


def _asked(client: Any, fault: str, mailing_id: int, until: float) -> list[list[Any]]:
    times: dict[str, list[float]] = {page: [] for page in PAGES}
    while time.monotonic() < until:
        for page, known in times.items():
            started = time.perf_counter()
            if client.get(page.format(mailing=mailing_id)).status_code != 200:
                raise SystemExit(f"{page} is broken")
            known.append((time.perf_counter() - started) * 1000)
    return [
        [fault, page, statistics.median(known), max(known), len(known)]
        for page, known in times.items()
    ]


def _mailing(account: str = "sms") -> Any:
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
        account=account,
        starts_at=now - timedelta(minutes=1),
        ends_at=now + timedelta(days=1),
    )


# --- the race ---


def contend(place: Installation, name: str, count: int) -> float:
    """Messages per second."""
    done = place.run([sys.executable, "-m", "benchmarks.gateway", "--contender", name, str(count)])
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
    got = json.loads(done.stdout.splitlines()[-1])
    return got["count"] / got["seconds"] if got else 0.0


def race(place: Installation, options: argparse.Namespace) -> None:
    """Both in turn, ``rounds`` times; medians and the ratio."""
    counts = {"ours": options.count, "rival": min(options.count, 3000)}
    rates: dict[str, list[float]] = {name: [] for name in counts}
    for number in range(options.rounds):
        for name, count in counts.items():
            rates[name].append(contend(place, name, count))
            print(f"round {number + 1}  {name:<6} {rates[name][-1]:>7.0f}/s", flush=True)
    median = {name: statistics.median(got) for name, got in rates.items()}
    rows = [["sender", "messages/s", "ratio"]]
    for name, title in (("ours", "Vestnik"), ("rival", RIVAL)):
        rows.append([title, f"{median[name]:.0f}", f"{median[name] / median['rival']:.1f}"])
    table(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=6000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", default="8")
    parser.add_argument("--delay", default="0", help="seconds the gateway takes to answer")
    parser.add_argument("--pages", type=int, default=0, help="seconds; measure pages, not rates")
    parser.add_argument("--contender", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        django.setup()
        what = {"seed": seed, "ours": ours, "rival": rival, "pages": pages}[options.contender[0]]
        print(json.dumps(what(int(options.contender[1]))))
        return
    with tempfile.TemporaryDirectory() as directory:
        ports = {name: free_port() for name in FAULTS}
        place = Installation(Path(directory), engine="postgresql", **accounts(ports, options))
        try:
            place.start(port=ports["sms"])
            for name, args in answers(options).items():
                command = [
                    sys.executable,
                    "-m",
                    "benchmarks.peers.http_sink",
                    str(ports[name]),
                    *args,
                ]
                place.spawn(command)
                wait_for(ports[name])
            contend(place, "seed", options.count)
            show_pages(place, options.pages) if options.pages else race(place, options)
        finally:
            place.close()


def accounts(ports: dict[str, int], options: argparse.Namespace) -> dict[str, Any]:
    """The keys of ``.env``: an account for each gateway."""
    keys: dict[str, Any] = {}
    for name, port in ports.items():
        keys |= {
            f"ACCOUNTS__{name.upper()}__KIND": "gateway",
            f"ACCOUNTS__{name.upper()}__URL": f"http://127.0.0.1:{port}/v1",
            f"ACCOUNTS__{name.upper()}__TOKEN": "benchmark",
            f"ACCOUNTS__{name.upper()}__TIMEOUT": "1" if options.pages else "60",
            f"ACCOUNTS__{name.upper()}__MAX_CONNECTIONS": options.connections,
        }
    return keys


def answers(options: argparse.Namespace) -> dict[str, list[str]]:
    """How each gateway answers, in the words of ``http_sink``."""
    if not options.pages:
        return {"sms": [options.delay]}
    return {"sms": ["0"], "slow": ["0.9"], "html": ["0", "html"], "silent": ["86400"]}


def show_pages(place: Installation, seconds: int) -> None:
    """The pages' times beside each kind of gateway."""
    done = place.run(
        [sys.executable, "-m", "benchmarks.gateway", "--contender", "pages", str(seconds)]
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    rows = [["the gateway answers", "page", "median ms", "worst ms", "times asked"]]
    for fault, page, median, worst, count in json.loads(done.stdout.splitlines()[-1])["rows"]:
        rows.append([fault, page, f"{median:.0f}", f"{worst:.0f}", str(count)])
    table(rows)


if __name__ == "__main__":
    main()
