"""An event that comes while somebody else acts on the same letter."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.core.responses.stored import foreign
from apps.feedback.models import Event
from apps.feedback.services.events import Received, receive, settle_waiting
from apps.feedback.tracking_event import TrackingEvent
from apps.mailings.models import Delivery, Run, Suppression
from tests.delivery.engine.statements import LOCK_OF_A_RUN, just_before
from tests.factories import DeliveryFactory, RunFactory

pytestmark = pytest.mark.django_db


def bounce_of(delivery: Delivery) -> TrackingEvent:
    text = foreign("550 5.1.1 no such user")
    return TrackingEvent("generic", "1", "bounced", sealed=delivery.pk, trusted=True, words=text)


def test_an_event_of_a_letter_that_is_deleted_meanwhile_suppresses_nobody(
    delivery: Delivery,
) -> None:
    with just_before(LOCK_OF_A_RUN, Run.objects.all().delete):
        assert receive(bounce_of(delivery), now=timezone.now()) is Received.KEPT
    assert not Suppression.objects.exists()


def test_a_waiting_event_that_another_process_has_settled_is_not_settled_again() -> None:
    run = RunFactory.create(sending=1)
    early = DeliveryFactory.create(run=run, state="sending", token=1)
    assert receive(bounce_of(early), now=timezone.now()) is Received.EARLY
    Delivery.objects.update(state="sent")
    with just_before(
        ('UPDATE "feedback_event"',), lambda: Event.objects.update(settled_at=timezone.now())
    ):
        assert settle_waiting(now=timezone.now()) == 0
    early.refresh_from_db()
    assert early.state == "sent"
