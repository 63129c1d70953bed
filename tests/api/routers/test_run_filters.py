"""What a run's deliveries, the attempts and the sums are asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.api.conftest import Voice
from tests.factories import AttemptFactory, DeliveryFactory, RunFactory

pytestmark = pytest.mark.django_db


def test_the_left_out_are_counted_by_the_run_itself(anna: Voice) -> None:
    run = RunFactory.create(
        mailing__owner=anna.user,
        audience=2,
        suppressed=2,
        left_unsubscribed=1,
        left_paused=1,
        left_suppressed=0,
    )
    for code in ("unsubscribed", "paused"):
        DeliveryFactory.create(run=run, state="suppressed", left_out=code)
    path = f"/api/runs/{run.pk}/deliveries/"
    found = anna.get(f"{path}?left_out=paused").json()
    assert [row["left_out"] for row in found["items"]] == ["paused"]
    assert anna.get(f"{path}?left_out=paused&state=sent").json()["items"] == []
    assert len(anna.get(f"{path}?state=suppressed").json()["items"]) == 2


def test_attempts_are_found_by_their_time(anna: Voice) -> None:
    now = timezone.now()
    delivery = DeliveryFactory.create(run__mailing__owner=anna.user)
    AttemptFactory.create(delivery=delivery)
    later = (now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    earlier = (now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert len(anna.get(f"/api/attempts/?since={earlier}&until={later}").json()["items"]) == 1
    assert anna.get(f"/api/attempts/?since={later}").json()["items"] == []
    assert anna.get(f"/api/attempts/?until={earlier}").json()["items"] == []
    assert anna.get("/api/stats/?status=completed").json()["mailings"] == 0
