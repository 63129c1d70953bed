"""Openings and clicks that providers report pass the rules and the entry of our own links."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.feedback.services.events import Received, receive_all, settle_waiting
from apps.feedback.tracking_event import TrackingEvent, event_id
from apps.mailings.links import LetterLinks
from apps.mailings.models import Delivery, Engagement, Recipient, Run, TrackedLink
from tests.factories import DeliveryFactory, RunFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36"


@pytest.fixture
def delivery(transactional_db: None) -> Delivery:
    """A letter that was sent an hour ago, with two links."""
    run = RunFactory.create(
        state="done", outcome="success", sent=1, content={"tracking": "persons"}
    )
    earlier = timezone.now() - timedelta(hours=1)
    found = DeliveryFactory.create(run=run, state="sent", sent_at=earlier)
    for number, address in enumerate(("https://x.org/a", "https://x.org/{{ city }}?b=1"), 1):
        TrackedLink.objects.create(
            run=run, version=found.content_version, number=number, address=address
        )
    return found


def report(delivery: Delivery, kind: str, **facts: object) -> TrackingEvent:
    one = TrackingEvent("esp", event_id(kind, str(facts)), kind, sealed=delivery.pk, trusted=True)
    return replace(one, user_agent=BROWSER, **facts)  # type: ignore[arg-type]


def take(*events: TrackingEvent) -> list[Received]:
    return receive_all(events, now=timezone.now())


def figures() -> tuple[int, int, int, int]:
    run = Run.objects.get()
    return run.engaged_person, run.engaged_unclear, run.engaged_machine, run.engaged_clicked


def test_an_opening_and_a_click_of_a_person_are_counted_once(delivery: Delivery) -> None:
    events = [report(delivery, "opened"), report(delivery, "clicked", url="https://x.org/a")]
    assert take(*events) == [Received.APPLIED, Received.APPLIED]
    assert take(*events) == [Received.KNOWN, Received.KNOWN]
    assert figures() == (1, 0, 0, 1)
    row = Engagement.objects.get()
    assert (row.recipient_id, row.opens, row.clicks) == (delivery.recipient_id, 1, 1)
    assert list(TrackedLink.objects.values_list("clicks", flat=True)) == [1, 0]
    delivery.refresh_from_db()
    assert delivery.state == "delivered"


def test_a_link_with_placeholders_is_found_by_what_stands_around_them(delivery: Delivery) -> None:
    take(report(delivery, "clicked", url="https://x.org/Kazan?b=1"))
    assert list(TrackedLink.objects.values_list("clicks", flat=True)) == [0, 1]


@pytest.mark.parametrize(
    ("address", "url", "clicks"),
    [
        ("https://x.org/{{ a }}/{{ b }}/end", "https://x.org/1/2/end", 1),
        ("https://x.org/{{ a }}/{{ b }}/end", "https://x.org/1/2/end/more", 0),
        ("https://x.org/{{ a }}/{{ b }}/end", "https://y.org/1/2/end", 0),
        ("https://x.org/{{ a }}ab", "https://x.org/ab", 1),
        ("https://x.org/aba{{ a }}ba", "https://x.org/aba", 0),
        # A pattern would try every way to divide this among its placeholders.
        ("https://x.org/" + "{{ a }}a" * 40 + "b", "https://x.org/" + "a" * 400, 0),
    ],
)
def test_placeholders_stand_for_anything_however_many_there_are(
    delivery: Delivery, address: str, url: str, clicks: int
) -> None:
    TrackedLink.objects.filter(number=2).update(address=address)
    take(report(delivery, "clicked", url=url))
    assert TrackedLink.objects.get(number=2).clicks == clicks


def test_a_click_on_a_link_of_our_own_is_counted_where_it_leads(delivery: Delivery) -> None:
    token, _page = LetterLinks(delivery.run_id, 1).tokens(delivery.pk)
    take(report(delivery, "clicked", url=f"https://mail.example.org/l/{token}/1"))
    assert not Engagement.objects.exists()
    delivery.refresh_from_db()
    assert delivery.state == "delivered"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"preloaded": True}, (0, 1, 0, 0)),
        ({"user_agent": "Mozilla/5.0"}, (0, 1, 0, 0)),
        ({"user_agent": "curl/8.5.0"}, (0, 0, 1, 0)),
        ({"user_agent": ""}, (1, 0, 0, 0)),
    ],
)
def test_they_pass_the_same_rules(
    delivery: Delivery, facts: dict[str, object], expected: tuple[int, ...]
) -> None:
    take(replace(report(delivery, "opened"), **facts))  # type: ignore[arg-type]
    assert figures() == expected


def test_what_is_not_measured_is_not_counted(delivery: Delivery) -> None:
    Recipient.objects.update(unmeasured=True)
    take(report(delivery, "opened"))
    Recipient.objects.update(unmeasured=False)
    Run.objects.update(content={})
    take(report(delivery, "clicked", url="https://x.org/a"))
    Run.objects.update(content={"tracking": "totals"})
    take(report(delivery, "clicked", url="https://x.org/Kazan?b=1"))
    assert not Engagement.objects.exists()
    assert list(TrackedLink.objects.values_list("clicks", flat=True)) == [0, 1]


def test_an_event_that_is_not_proved_counts_nothing(delivery: Delivery) -> None:
    named = f"<{delivery.pk}.{delivery.run.key}@example.org>"
    take(
        replace(
            report(delivery, "opened"),
            sealed=None,
            trusted=False,
            message_id=named,
            recipient=str(delivery.address),
        )
    )
    assert not Engagement.objects.exists()


def test_what_follows_waits_in_the_database_and_is_applied_by_the_next_look(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("apps.feedback.services.events._settle", killed)
        with pytest.raises(KeyboardInterrupt):
            take(report(delivery, "opened"))
    delivery.refresh_from_db()
    assert (figures(), delivery.state) == ((1, 0, 0, 0), "sent")
    assert settle_waiting(now=timezone.now()) == 1
    delivery.refresh_from_db()
    assert (figures(), delivery.state) == ((1, 0, 0, 0), "delivered")


def killed(*args: object) -> None:
    raise KeyboardInterrupt
