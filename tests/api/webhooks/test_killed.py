"""Several real processes, killed again and again: everybody is notified, and nobody is left out."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.webhooks.conftest import is_signed
from tests.faults.installation import Installation
from tests.http_service import HttpService, empty, slow

pytestmark = pytest.mark.faults

ATTEMPTS = 1000

SEED = f"""
import sys, django
django.setup()
from django.utils import timezone
from apps.api.webhooks.services import register
from tests.factories import *
owner = UserFactory.create()
made = register(owner=owner, url=sys.argv[1], deliveries=True, runs=True, now=timezone.now())
run = RunFactory.create(mailing=MailingFactory.create(owner=owner), sent={ATTEMPTS})
delivery = DeliveryFactory.create(run=run)
Attempt.objects.bulk_create(
    AttemptFactory.build(delivery=delivery, mailing=run.mailing, recipient=delivery.recipient)
    for _ in range({ATTEMPTS})
)
print(made.secret)
"""
#: What the scheduler does, without its pauses; a dead one's work is taken over sooner.
FOLLOW = """
import django, time
django.setup()
from datetime import timedelta
from django.utils import timezone
from apps.api.webhooks import dispatcher
dispatcher.LEASE = timedelta(seconds=1)
ours = dispatcher.WebhookDispatcher()
print("ready", flush=True)
while True:
    ours.run(timezone.now(), lambda: False)
    time.sleep(0.02)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    place = Installation(
        tmp_path / "place",
        engine=request.param,
        WEBHOOK_ALLOW_LOCAL="True",
        WEBHOOK_MAX_TRIES="50",
    )
    place.start(port=1)
    yield place
    place.close()


def reported(service: HttpService) -> Counter[str]:
    return Counter(
        event["id"] for request in service.requests for event in json.loads(request.body)["events"]
    )


def wait_for_more(service: HttpService, count: int) -> None:
    until = time.monotonic() + 30
    while len(service.requests) < count:
        assert time.monotonic() < until, "it has stopped calling"
        time.sleep(0.005)


def test_everything_is_reported_at_least_once_whatever_dies(
    place: Installation, fault_rounds: int
) -> None:
    # Late enough to be killed in the middle.
    with HttpService(slow(empty(204), 0.05)) as service:
        done = place.run([sys.executable, "-c", SEED, f"{service.url}/"])
        secret = done.stdout.strip()
        expected = {f"attempt-{pk}" for (pk,) in place.query("SELECT id FROM mailings_attempt")}
        assert len(expected) == ATTEMPTS, done.stderr
        workers = [place.spawn([sys.executable, "-c", FOLLOW]) for _number in range(2)]
        for number in range(fault_rounds):
            wait_for_more(service, number + 2)
            victim = workers.pop(0)
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            workers.append(place.spawn([sys.executable, "-c", FOLLOW]))
        until = time.monotonic() + 60
        while not expected <= set(reported(service)):
            assert time.monotonic() < until, "somebody was left out"
            time.sleep(0.05)
        for process in workers:
            process.kill()
        counts = reported(service)
        bodies: dict[str, set[bytes]] = {}
        for request in service.requests:
            assert is_signed(request, secret)
            bodies.setdefault(request.headers["webhook-id"], set()).add(request.body)
        # A repetition is the same call with the same words; nothing is reported in two of them.
        assert {len(several) for several in bodies.values()} == {1}
        assert sum(len(json.loads(body)["events"]) for (body,) in bodies.values()) == len(counts)
        # Only a killed process's last call is repeated.
        assert len(service.requests) - len(bodies) <= fault_rounds
