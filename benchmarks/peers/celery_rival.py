"""What is mostly written: one Celery task per message, which posts and writes one row by the ORM.

Started by ``benchmarks/gateway.py``, in an installation of its own. Its tasks wait in the database
9 of the Redis on 127.0.0.1:6379.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import django
import requests
from celery import Celery
from django.conf import settings

django.setup()

app = Celery("benchmarks.peers.celery_rival", broker="redis://127.0.0.1:6379/9")
app.conf.update(task_ignore_result=True, worker_hijack_root_logger=False)


@app.task(name="rival.send")  # type: ignore[untyped-decorator]
def send(mailing_id: int, recipient_id: int, phone: str, text: str) -> None:
    """One call and one row."""
    from django.utils import timezone

    from apps.mailings.models import Attempt

    account = settings.ACCOUNTS["sms"]
    answer = requests.post(
        f"{account.url}/send/{recipient_id}",
        json={"id": recipient_id, "phone": int(phone), "text": text},
        headers={"Authorization": f"Bearer {account.token}"},
        timeout=30,
    )
    Attempt.objects.create(
        mailing_id=mailing_id,
        recipient_id=recipient_id,
        run_number=1,
        trigger="command",
        status="success" if answer.json()["code"] == 0 else "failure",
        created_at=timezone.now(),
    )


def consumed(mailing_id: int, tasks: list[tuple[Any, ...]], processes: int) -> float:
    """Queue the tasks, then let a worker of so many processes do them.

    Returns the seconds between the first row and the last one: neither the queueing nor the start
    of the worker counts.
    """
    from apps.mailings.models import Attempt

    app.control.purge()
    for args in tasks:
        send.delay(*args)
    done = Attempt.objects.filter(mailing_id=mailing_id, status="success")
    command = [sys.executable, "-m", "celery", "-A", "benchmarks.peers.celery_rival", "worker"]
    options = ["--concurrency", str(processes), "--loglevel", "ERROR"]
    worker = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
    try:
        while done.count() < len(tasks):
            if worker.poll() is not None:
                raise SystemExit("Celery's worker has ended. Is there a Redis on 127.0.0.1:6379?")
            time.sleep(0.1)
    finally:
        worker.terminate()
        worker.wait()
    times = done.order_by("created_at").values_list("created_at", flat=True)
    first, last = times[0], times[len(tasks) - 1]
    return float((last - first).total_seconds())
