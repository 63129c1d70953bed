"""Each message that comes back for good or is reported as spam counts once, in its run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import timezone

from apps.feedback.services.events import receive
from apps.feedback.tracking_event import TrackingEvent
from tests.factories import DeliveryFactory, RunFactory
from tests.feedback.conftest import message_id

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

COMPLAINT = TrackingEvent(source="esp", event_id="1", kind="complained", trusted=True)
BOUNCE = replace(COMPLAINT, kind="bounced", status="5.1.1", code=550)


def test_a_message_that_comes_back_for_good_counts_once_and_a_soft_one_does_not() -> None:
    run = RunFactory.create(state="done", sent=2)
    hard, soft = (DeliveryFactory.create(run=run, state="sent") for _ in range(2))
    for number in ("1", "2"):
        event = replace(BOUNCE, event_id=number, message_id=message_id(hard))
        receive(event, now=timezone.now())
    full = replace(BOUNCE, event_id="3", status="5.2.2", message_id=message_id(soft))
    receive(full, now=timezone.now())
    run.refresh_from_db()
    assert (run.bounced, run.hard_bounces, run.complaints) == (2, 1, 0)


def test_a_complaint_counts_once_for_its_message_however_often_it_is_reported() -> None:
    run = RunFactory.create(state="done", sent=2)
    for number, delivery in enumerate(
        DeliveryFactory.create(run=run, state="sent") for _ in range(2)
    ):
        for source in ("esp", "another"):
            event = replace(COMPLAINT, source=source, event_id=str(number))
            receive(replace(event, message_id=message_id(delivery)), now=timezone.now())
    run.refresh_from_db()
    assert (run.complaints, run.hard_bounces) == (2, 0)


def test_other_channels_have_no_bounces_of_mail() -> None:
    run = RunFactory.create(state="done", sent=1, channel="phone")
    delivery = DeliveryFactory.create(run=run, state="sent", channel="phone", address="79001234567")
    event = replace(BOUNCE, sealed=delivery.pk, source="generic")
    receive(event, now=timezone.now())
    run.refresh_from_db()
    assert run.hard_bounces == 0
