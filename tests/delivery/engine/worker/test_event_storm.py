"""A storm of events with replays, from several threads (F38), while the ledger stays exact."""

from __future__ import annotations

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from apps.feedback.models import Event
from apps.feedback.services.events import receive
from apps.feedback.tracking_event import TrackingEvent
from apps.mailings.models import Delivery, Suppression
from tests.delivery.engine.workers import assert_equation
from tests.factories import DeliveryFactory, RunFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

LETTERS, THREADS = 24, 4


def test_each_event_counts_once_in_any_order() -> None:
    run = RunFactory.create(state="done", outcome="success", sent=LETTERS)
    owner = run.mailing.owner
    found = DeliveryFactory.create_batch(LETTERS, run=run, state="sent", recipient__owner=owner)
    events = [
        TrackingEvent("esp", f"{one.pk}", kind, sealed=one.pk, trusted=True, status="5.1.1")
        for one, kind in zip(found, ["bounced", "delivered"] * (LETTERS // 2), strict=True)
    ]
    start = threading.Barrier(THREADS)

    def storm(seed: int) -> Counter[str]:
        mine = random.Random(seed).sample(events, len(events))
        start.wait()
        try:
            return Counter(receive(one, now=timezone.now()).value for one in mine)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        recorded: Counter[str] = sum(pool.map(storm, range(THREADS)), Counter())
    assert recorded == {"applied": LETTERS, "known": LETTERS * (THREADS - 1)}
    assert Event.objects.count() == LETTERS
    assert Suppression.objects.count() == LETTERS // 2
    states = Counter(Delivery.objects.values_list("state", flat=True))
    assert states == {"bounced": LETTERS // 2, "delivered": LETTERS // 2}
    assert_equation(run)
    assert run.outcome == "partial"
