"""Old rows of people who were left out go when their time is over; the sums stay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.utils import timezone

from apps.mailings.models import Delivery, Run
from apps.mailings.services.privacy.retention import count_old, remove_old
from tests.factories import DeliveryFactory, RunFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("days", "ago", "left"), [(30, 31, 0), (30, 29, 2), (0, 900, 2)])
def test_they_go_and_the_counters_stay(
    settings: LazySettings, days: int, ago: int, left: int
) -> None:
    settings.LEFT_OUT_KEPT_DAYS = days
    ended = timezone.now() - timedelta(days=ago)
    run = RunFactory.create(
        state="done", outcome="partial", sent=1, suppressed=2, finished_at=ended
    )
    DeliveryFactory.create(run=run, state="sent")
    DeliveryFactory.create_batch(2, run=run, state="suppressed", position=None)
    assert count_old("left_out", now=timezone.now()) == 2 - left
    assert remove_old("left_out", now=timezone.now()) == 2 - left
    run = Run.objects.get(pk=run.pk)
    assert (run.suppressed, run.left_suppressed, run.audience) == (2, 2, 3)
    assert (run.folded_at is not None) is (left == 0)
    assert Delivery.objects.filter(run=run).count() == 1 + left
