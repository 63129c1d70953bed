"""From a report to its effects: found, proved, applied once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from apps.feedback.models import Event
from apps.feedback.services.events import Received, receive, settle_waiting
from apps.feedback.tracking_event import TrackingEvent
from apps.mailings.models import Delivery, Run, Suppression
from apps.users.models import Notification
from tests.delivery.engine.workers import assert_equation
from tests.factories import (
    AttemptFactory,
    DeliveryFactory,
    MailingFactory,
    RecipientFactory,
    RunFactory,
)
from tests.feedback.conftest import message_id, sent

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

HARD = TrackingEvent(
    source="esp", event_id="1", kind="bounced", status="5.1.1", code=550, trusted=True
)


def apply(report: TrackingEvent) -> Received:
    return receive(report, now=timezone.now())


def state_of(delivery: Delivery) -> str:
    delivery.refresh_from_db()
    assert_equation(delivery.run)
    return delivery.state


def test_a_hard_bounce_refuses_the_delivery_and_suppresses_the_address() -> None:
    delivery = sent()
    assert apply(replace(HARD, message_id=message_id(delivery))) is Received.APPLIED
    assert state_of(delivery) == "bounced"
    row = Suppression.objects.get()
    owner = delivery.run.mailing.owner
    assert (row.owner, row.address, row.reason) == (owner, delivery.address, "bounced")
    assert delivery.response.startswith("5.1.1")


def test_an_event_counts_once_whatever_it_says_the_second_time() -> None:
    delivery = sent()
    report = replace(HARD, message_id=message_id(delivery), kind="opened")
    assert [apply(report), apply(report), apply(replace(report, kind="complained"))] == [
        Received.APPLIED,
        Received.KNOWN,
        Received.KNOWN,
    ]
    assert not Suppression.objects.exists()
    assert apply(replace(report, source="another")) is Received.APPLIED  # ids are per source


@pytest.mark.parametrize(
    ("states", "suppressed"),
    [
        (["soft", "soft", "soft"], True),
        (["soft", "soft"], False),
        (["soft", "delivered", "soft", "soft"], False),
        (["soft", "sent", "soft", "soft"], False),
        (["delivered", "soft", "soft", "soft"], True),
        (["sender", "soft", "soft"], False),
        (["sender", "sender", "sender", "sender"], False),
    ],
)
def test_a_soft_bounce_suppresses_after_three_in_a_row(states: list[str], suppressed: bool) -> None:
    mailing = MailingFactory.create()
    recipient = RecipientFactory.create(owner=mailing.owner)
    status = {"soft": "5.2.2", "sender": "5.7.1"}
    for number, state in enumerate(states, 1):
        run = RunFactory.create(mailing=mailing, number=number, state="done", sent=1)
        delivery = DeliveryFactory.create(run=run, recipient=recipient, state="sent")
        event = replace(HARD, event_id=str(number), message_id=message_id(delivery))
        if state == "delivered":
            apply(replace(event, kind="delivered", status=""))
        elif state in status:
            assert not Suppression.objects.exists()
            apply(replace(event, status=status[state]))
    assert Suppression.objects.exists() is suppressed


def test_a_complaint_suppresses_at_once_and_alerts_the_owner() -> None:
    delivery = sent()
    apply(replace(HARD, kind="complained", status="", message_id=message_id(delivery)))
    assert state_of(delivery) == "delivered"
    assert Suppression.objects.get().reason == "complained"
    notification = Notification.objects.get()
    assert (notification.owner, notification.code) == (delivery.run.mailing.owner, "complained")


def test_an_event_that_outruns_the_senders_record_is_applied_after_it() -> None:
    run = RunFactory.create(sending=1)
    delivery = DeliveryFactory.create(run=run, state="sending", token=1)
    assert apply(replace(HARD, message_id=message_id(delivery))) is Received.EARLY
    assert settle_waiting(now=timezone.now()) == 0
    assert not Suppression.objects.exists()
    Delivery.objects.filter(pk=delivery.pk).update(state="sent")
    Run.objects.filter(pk=run.pk).update(sending=0, sent=1)
    assert settle_waiting(now=timezone.now()) == 1
    assert state_of(delivery) == "bounced"
    assert Suppression.objects.count() == 1
    assert settle_waiting(now=timezone.now()) == 0


# --- which delivery, and how well that is proved ---


def test_a_providers_own_id_is_found_in_the_attempt() -> None:
    delivery, other = sent(), sent(recipient__email="bob@example.org")
    for one, remote in ((delivery, "0100017a-b"), (other, "0100017a-b-2")):
        AttemptFactory.create(delivery=one, response=f"250 Ok {remote}-000000")
    event = replace(HARD, message_id="0100017a-b-000000", recipient=delivery.address.upper())
    assert apply(event) is Received.APPLIED
    assert (state_of(delivery), state_of(other)) == ("bounced", "sent")


@pytest.mark.parametrize("remote", ["250", "0100017a", "%", "Ok"])
def test_a_part_of_an_id_is_no_id(remote: str) -> None:
    delivery = sent()
    AttemptFactory.create(delivery=delivery, response="250 Ok 0100017a-b-000000")
    apply(replace(HARD, message_id=remote, recipient=delivery.address))
    assert state_of(delivery) == "sent"
    assert not Suppression.objects.exists()


def test_a_message_id_with_another_runs_key_finds_nothing() -> None:
    delivery = sent()
    event = replace(HARD, message_id=f"<{delivery.pk}.{'0' * 12}@example.org>")
    assert apply(event) is Received.STRAY
    assert state_of(delivery) == "sent"


def test_without_proof_of_the_source_a_message_id_changes_nothing() -> None:
    delivery = sent()
    event = replace(HARD, trusted=False, message_id=message_id(delivery))
    assert apply(replace(event, recipient="other@example.org")) is Received.STRAY
    assert apply(replace(event, event_id="2", recipient=delivery.address)) is Received.KEPT
    assert state_of(delivery) == "sent"
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("host", "believed"),
    [
        ("smtp.mailgun.org", True),
        ("SMTP.EU.MAILGUN.ORG", True),
        ("localhost", True),  # a relay of one's own may pass letters on to anybody
        ("smtp.postmarkapp.com", False),
        ("email-smtp.eu-west-1.amazonaws.com", False),
        ("notmailgun.org", True),
    ],
)
@pytest.mark.parametrize("known_by", ["name", "seal", "remote id"])
def test_a_provider_is_believed_about_letters_that_went_by_it(
    settings: LazySettings, host: str, believed: bool, known_by: str
) -> None:
    settings.ACCOUNTS = {"shop": settings.ACCOUNTS["email"].model_copy(update={"host": host})}
    delivery = sent()
    AttemptFactory.create(delivery=delivery, account="shop", response="250 Ok 0100017a-b-000000")
    names: dict[str, dict[str, Any]] = {
        "name": {"message_id": message_id(delivery)},
        "seal": {"sealed": delivery.pk},
        "remote id": {"message_id": "0100017a-b-000000", "recipient": delivery.address},
    }
    apply(replace(HARD, source="mailgun", **names[known_by]))
    assert (state_of(delivery) == "bounced") is believed
    assert Suppression.objects.exists() is believed


def test_a_provider_of_mail_knows_nothing_of_phones() -> None:
    delivery = sent(channel="phone", address="79160000001")
    assert apply(replace(HARD, source="mailgun", sealed=delivery.pk)) is Received.STRAY
    assert state_of(delivery) == "sent"


@pytest.mark.parametrize("trusted", [True, False])
def test_an_address_alone_is_laid_beside_the_last_letter_and_changes_nothing(
    trusted: bool,
) -> None:
    delivery = sent()
    event = replace(HARD, trusted=trusted, recipient=delivery.address)
    assert apply(event) is Received.KEPT
    assert state_of(delivery) == "sent"
    assert not Suppression.objects.exists()
    assert Event.objects.get().delivery == delivery
    Delivery.objects.update(changed_at=timezone.now() - timedelta(days=30))
    assert apply(replace(event, event_id="2")) is Received.STRAY


def test_a_seal_is_proof_enough() -> None:
    delivery = sent()
    assert apply(replace(HARD, trusted=False, sealed=delivery.pk)) is Received.APPLIED
    assert Suppression.objects.get().address == delivery.address


def test_the_seal_of_a_vanished_delivery_is_a_stray() -> None:
    assert apply(replace(HARD, trusted=False, sealed=10**12)) is Received.STRAY
