"""One run of a million: ``python -m benchmarks.million [--count 1000000] [--postfix DIR]``.

Freezes the audience (its longest transaction shown), sends in a process of its own with the run's
page being asked for all the time, and stops in mid-run. Needs what benchmarks/send.py needs.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import django

from benchmarks.send import Postfix, table
from config.environment import BASE_DIR
from tests.faults.installation import Installation

#: Seconds of sending before somebody presses Stop.
SENDING = 20.0


def measure(count: int) -> None:
    """Inside the installation: prints one JSON line."""
    django.setup()
    from apps.delivery.service import service
    from apps.mailings.models import Run
    from benchmarks.peers.contenders import new_mailing

    mailing = new_mailing("full")
    run_id = service.launch(mailing_id=mailing.pk, trigger="command").run_id
    figures = {"count": count, **_freeze(run_id)}
    command = [sys.executable, str(BASE_DIR / "manage.py"), "send_mailing", str(mailing.pk)]
    sending = subprocess.Popen([*command, "--now"], stdout=subprocess.DEVNULL)
    wait_until_sending(run_id)
    pages = _pages(mailing.pk, until=time.monotonic() + SENDING)
    figures |= {
        "rate": Run.objects.get(pk=run_id).sent / SENDING,
        "page": statistics.median(pages),
        "page_worst": max(pages),
        **_press_stop(mailing.pk, sending),
    }
    run = Run.objects.get(pk=run_id)
    figures["peak"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    figures["equation"] = run.sent + run.unknown + run.cancelled + run.suppressed == run.audience
    print(json.dumps(figures))


def _freeze(run_id: int) -> dict[str, float]:
    """Seconds for the whole audience, and of the longest transaction."""
    from apps.delivery.engine.runs.launch import freeze_audience

    longest = Longest()
    started = time.perf_counter()
    with longest:
        freeze_audience(run_id)
    return {"freezing": time.perf_counter() - started, "longest": longest.seconds}


def _press_stop(mailing_id: int, sending: subprocess.Popen[bytes]) -> dict[str, float]:
    """Seconds until Stop is answered, and until the last hand-over after it."""
    from django.utils import timezone

    from apps.delivery.service import service
    from apps.mailings.models import Attempt

    pressed = timezone.now()
    service.stop(mailing_id=mailing_id)
    answered = (timezone.now() - pressed).total_seconds()
    sending.wait()
    last = Attempt.objects.filter(mailing_id=mailing_id).latest("pk").created_at
    service.dispatch_due()
    return {"answered": answered, "stopped": max(0.0, (last - pressed).total_seconds())}


class Longest:
    """The longest transaction of this process while it is watched."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since = 0.0

    def __enter__(self) -> None:
        from django.db import transaction

        self._enter, self._exit = transaction.Atomic.__enter__, transaction.Atomic.__exit__
        watch = self

        def enter(atomic: Any) -> None:
            watch._since = time.perf_counter()
            watch._enter(atomic)

        def leave(atomic: Any, *args: Any) -> None:
            watch._exit(atomic, *args)
            watch.seconds = max(watch.seconds, time.perf_counter() - watch._since)

        setattr(transaction.Atomic, "__enter__", enter)
        setattr(transaction.Atomic, "__exit__", leave)

    def __exit__(self, *args: object) -> None:
        from django.db import transaction

        setattr(transaction.Atomic, "__enter__", self._enter)
        setattr(transaction.Atomic, "__exit__", self._exit)


def _pages(mailing_id: int, *, until: float) -> list[float]:
    """Milliseconds of the run's page and its panel, asked for four times a second."""
    from django.conf import settings
    from django.test import Client

    from apps.mailings.models import Mailing

    settings.ALLOWED_HOSTS = ["*"]
    client = Client()
    client.force_login(Mailing.objects.get(pk=mailing_id).owner)
    times = []
    while time.monotonic() < until:
        for path in (f"/mailings/{mailing_id}/panel/", f"/mailings/{mailing_id}/runs/1/"):
            started = time.perf_counter()
            assert client.get(path).status_code == 200
            times.append((time.perf_counter() - started) * 1000)
        time.sleep(0.25)
    return times


def wait_until_sending(run_id: int) -> None:
    """Until the first hand-overs are recorded. Raises SystemExit after a minute."""
    from apps.mailings.models import Run

    until = time.monotonic() + 60
    while not Run.objects.filter(pk=run_id, sent__gt=0).exists():
        if time.monotonic() > until:
            raise SystemExit("nothing is being sent")
        time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--postfix", help="where the postfix package was unpacked")
    parser.add_argument("--part", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        measure(options.count)
        return
    with tempfile.TemporaryDirectory() as directory, Postfix(options.postfix).sink() as port:
        place = Installation(Path(directory), engine="postgresql")
        try:
            place.start(port=port)
            place.run([sys.executable, "-m", "benchmarks.seed", str(options.count)])
            args = ["--part", "--count", str(options.count)]
            done = place.run([sys.executable, "-m", "benchmarks.million", *args])
            if done.returncode:
                raise SystemExit(done.stderr[-3000:])
            show(json.loads(done.stdout.splitlines()[-1]))
        finally:
            place.close()


def show(got: dict[str, Any]) -> None:
    """The table."""
    table(
        [
            ["one run of", f"{got['count']:,}"],
            ["audience frozen in", f"{got['freezing']:.1f} s"],
            ["longest transaction of it", f"{got['longest']:.2f} s"],
            ["rate while its page is looked at", f"{got['rate']:.0f}/s"],
            ["panel and page, median", f"{got['page']:.0f} ms"],
            ["panel and page, worst", f"{got['page_worst']:.0f} ms"],
            ["Stop answered after", f"{got['answered']:.2f} s"],
            ["last hand-over recorded after Stop", f"{got['stopped']:.2f} s"],
            ["sender's peak memory", f"{got['peak']:.0f} MB"],
            ["the equation holds", str(got["equation"])],
        ]
    )


if __name__ == "__main__":
    main()
