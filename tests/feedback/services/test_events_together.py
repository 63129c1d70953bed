"""Many events in one call: the same outcome as one by one, in a few statements."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.feedback.models import Event
from apps.feedback.services.events import Received, receive_all
from apps.feedback.tracking_event import TrackingEvent
from apps.mailings.models import Delivery, Run, Suppression
from apps.users.models import Notification
from tests.delivery.engine.workers import assert_equation
from tests.factories import DeliveryFactory, RunFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def deliveries(count: int) -> list[Delivery]:
    run = RunFactory.create(state="done", outcome="success", sent=count)
    owner = run.mailing.owner
    return list(DeliveryFactory.create_batch(count, run=run, state="sent", recipient__owner=owner))


def event(delivery: Delivery, kind: str, **facts: object) -> TrackingEvent:
    one = TrackingEvent("esp", f"{kind}-{delivery.pk}", kind, sealed=delivery.pk, trusted=True)
    return replace(one, **facts)  # type: ignore[arg-type]


def statements(events: list[TrackingEvent]) -> int:
    with CaptureQueriesContext(connection) as captured:
        receive_all(events, now=timezone.now())
    return len(captured)


def test_each_has_its_outcome_in_the_order_of_the_call() -> None:
    first, second, early = deliveries(2) + deliveries(1)
    Run.objects.filter(pk=early.run_id).update(sent=0, sending=1, state="processing")
    Delivery.objects.filter(pk=early.pk).update(state="sending", token=1)
    stray = TrackingEvent("esp", "stray", "delivered", trusted=True, message_id="<1.abcdef@x.org>")
    events = [
        stray,
        event(first, "delivered"),
        event(early, "delivered"),
        event(first, "delivered"),
        event(second, "deferred"),
        event(second, "bounced", status="5.1.1"),
    ]
    assert receive_all(events, now=timezone.now()) == [
        *(Received.STRAY, Received.APPLIED, Received.EARLY),
        *(Received.KNOWN, Received.KEPT, Received.APPLIED),
    ]
    assert set(receive_all(events, now=timezone.now())) == {Received.KNOWN}
    states = Delivery.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["delivered", "bounced", "sending"]
    assert list(Event.objects.filter(settled_at=None).values_list("delivery_id", flat=True)) == [
        early.pk
    ]
    for run in Run.objects.all():
        assert_equation(run)


def test_the_events_of_one_delivery_follow_each_other() -> None:
    one, other = deliveries(2)
    receive_all(
        [
            event(one, "delivered"),
            event(one, "bounced", status="5.1.1"),
            event(other, "bounced", status="5.1.1"),
            event(other, "delivered"),
        ],
        now=timezone.now(),
    )
    assert list(Delivery.objects.order_by("pk").values_list("state", flat=True)) == [
        *("delivered", "bounced")
    ]
    run = Run.objects.get()
    assert (run.delivered, run.bounced, run.hard_bounces) == (1, 1, 1)


def test_complaints_of_one_call_suppress_notify_and_count_once_each() -> None:
    one, other = deliveries(2)
    again = event(one, "complained", event_id="again")
    receive_all([event(one, "complained"), again, event(other, "complained")], now=timezone.now())
    assert sorted(Suppression.objects.values_list("address", "reason")) == sorted(
        (found.address, "complained") for found in (one, other)
    )
    assert Notification.objects.filter(code="complained").count() == 2
    assert Run.objects.get().complaints == 2


@pytest.mark.parametrize("kind", ["delivered", "bounced"])
def test_more_events_of_a_run_take_no_more_statements(kind: str) -> None:
    status = "5.1.1" if kind == "bounced" else ""
    few = [event(one, kind, status=status) for one in deliveries(3)]
    many = [event(one, kind, status=status) for one in deliveries(30)]
    statements([event(one, kind, status=status) for one in deliveries(1)])  # prepares them
    assert statements(many) == statements(few)
    assert Delivery.objects.filter(state=kind).count() == 34
