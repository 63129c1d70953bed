"""A new email address counts once it is confirmed; nobody learns which ones are known."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.service import DispatchService
from apps.feedback.models import PublicLink
from apps.feedback.services import email_change
from apps.feedback.services.email_change import (
    AddressNotFree,
    ask_change,
    confirm_change,
    send_link,
)
from apps.feedback.services.fresh_links import sender_name
from apps.feedback.services.public_links import make_link, url_of
from apps.mailings.models import Consent, Delivery, Recipient, Sender, Suppression
from apps.mailings.services.permission.consents import Evidence
from tests.delivery.engine.workers import send
from tests.factories import MailingFactory, RecipientFactory, SuppressionFactory
from tests.recording_dispatcher import RecordingDispatcher, dispatching

pytestmark = pytest.mark.django_db

NOW = timezone.now()
PERSON = Evidence(source="page", by_person=True, said_at=NOW)
NEW = "anna@new.example"


@pytest.fixture
def anna(monkeypatch: pytest.MonkeyPatch) -> Recipient:
    monkeypatch.setattr(email_change, "in_background", lambda send, number: None)
    return RecipientFactory.create(email="anna@example.org")


def asked(anna: Recipient, address: str = NEW) -> bool:
    return ask_change(recipient=anna, address=address, ip=None, now=NOW)


def test_the_link_goes_to_the_new_address_and_the_old_one_counts_meanwhile(anna: Recipient) -> None:
    assert asked(anna)
    link = PublicLink.objects.get()
    with dispatching(RecordingDispatcher()) as dispatcher:
        send_link(link.pk)
    ((verb, given),) = dispatcher.calls
    assert (verb, given["address"]) == ("send_system_message", NEW)
    assert given["owner_id"] == anna.owner_id, "within the owner's rights and limits"
    anna.refresh_from_db()
    assert anna.email == "anna@example.org" and not Consent.objects.exists()
    assert url_of(link)


def test_the_confirmation_makes_it_the_persons_and_keeps_everything_else(anna: Recipient) -> None:
    stop = SuppressionFactory.create(owner=anna.owner, address=anna.email, reason="bounced")
    old = make_link(recipient=anna, purpose="preferences", now=NOW)
    asked(anna)
    link = PublicLink.objects.get(purpose="email")
    confirm_change(link=link, evidence=PERSON, now=NOW)
    anna.refresh_from_db()
    assert anna.email == NEW
    assert Suppression.objects.get() == stop, "what is suppressed stays with the old address"
    said = Consent.objects.get()
    assert (said.act, said.channel, said.recipient) == ("changed", "email", anna)
    old.refresh_from_db()
    assert old.expires_at <= NOW, "the old mailbox opens nothing any more"
    with pytest.raises(AddressNotFree):
        confirm_change(link=link, evidence=PERSON, now=NOW)


@pytest.mark.parametrize("taken", ["somebody", "bounced", "complained"])
def test_an_address_that_cannot_be_used_gets_no_link(anna: Recipient, taken: str) -> None:
    if taken == "somebody":
        RecipientFactory.create(owner=anna.owner, email=NEW)
    else:
        SuppressionFactory.create(owner=anna.owner, address=NEW, reason=taken)
    assert not asked(anna) and not PublicLink.objects.exists()


def test_an_address_that_was_taken_meanwhile_is_refused(anna: Recipient) -> None:
    asked(anna)
    RecipientFactory.create(owner=anna.owner, email=NEW)
    with pytest.raises(AddressNotFree):
        confirm_change(link=PublicLink.objects.get(), evidence=PERSON, now=NOW)
    anna.refresh_from_db()
    assert anna.email == "anna@example.org"


@pytest.mark.parametrize("taken", [False, True])
def test_what_was_asked_for_before_does_not_say_who_is_known(anna: Recipient, taken: bool) -> None:
    """Neither the page of the old mailbox nor a link that was sent to another new one."""
    page = make_link(recipient=anna, purpose="email", now=NOW)
    asked(anna, "mine@other.example")
    mine = PublicLink.objects.get(address="mine@other.example")
    if taken:
        RecipientFactory.create(owner=anna.owner, email=NEW)
    asked(anna)
    page.refresh_from_db()
    mine.refresh_from_db()
    assert page.expires_at > NOW
    assert mine.expires_at == NOW


def test_the_old_mailbox_hears_of_it_without_a_link(
    anna: Recipient,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    monkeypatch.setattr(email_change, "in_background", lambda act, number: act(number))
    asked(anna)
    with (
        dispatching(RecordingDispatcher()) as dispatcher,
        django_capture_on_commit_callbacks(execute=True),
    ):
        confirm_change(link=PublicLink.objects.get(), evidence=PERSON, now=NOW)
    ((_verb, given),) = dispatcher.calls
    assert given["address"] == "anna@example.org"
    assert "http" not in given["text"] and NEW not in given["text"]


def test_a_name_that_nobody_has_confirmed_goes_to_nobody(anna: Recipient) -> None:
    given = {"name": "Win a prize at evil.example", "address": "win@evil.example"}
    sender = Sender.objects.create(owner=anna.owner, is_default=True, **given)
    assert "prize" not in sender_name(anna.owner)
    sender.confirmed_at = NOW
    sender.save()
    assert sender_name(anna.owner) == "Win a prize at evil.example"


def test_the_limits_of_links_hold_for_the_new_address(anna: Recipient) -> None:
    assert [asked(anna) for _ in range(4)] == [True, True, True, False]
    assert ask_change(recipient=anna, address=NEW, ip=None, now=NOW + timedelta(days=1))


@pytest.mark.engine
@pytest.mark.django_db(transaction=True)
def test_a_delivery_to_the_old_address_is_gone(anna: Recipient) -> None:
    mailing = MailingFactory.create(owner=anna.owner, everyone=True)
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    freeze_audience(launched.run_id)
    asked(anna)
    confirm_change(link=PublicLink.objects.get(), evidence=PERSON, now=NOW)
    assert send(mailing).sent == 0
    assert Delivery.objects.get().left_out == "gone"
