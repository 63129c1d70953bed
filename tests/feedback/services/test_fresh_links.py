"""Links by email: nobody learns who is known, and nobody is flooded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.delivery.models import AccountState
from apps.feedback.models import PublicLink, SignupWindow
from apps.feedback.services import fresh_links
from apps.feedback.services.fresh_links import ask_by_address, ask_of
from apps.feedback.services.public_links import url_of
from apps.feedback.services.signups import windows
from apps.mailings.models import Delivery, Mailing, Message, Recipient, Run, Sender
from tests.factories import RecipientFactory, SuppressionFactory

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.fixture
def anna() -> Recipient:
    return RecipientFactory.create(email="anna@example.org")


def asked(person: Recipient, address: str = "anna@example.org", **given: Any) -> bool:
    values = {"language": "en", "ip": "192.0.2.7", "now": NOW, **given}
    return ask_by_address(owner_id=person.owner_id, address=address, **values)


def test_a_person_gets_a_link_by_the_product_s_own_email(anna: Recipient) -> None:
    assert asked(anna)
    mailing, link = Mailing.objects.get(), PublicLink.objects.get()
    assert (mailing.kind, mailing.purpose) == ("transactional", "confirmation")
    assert mailing.fields == {"link_url": url_of(link)}
    assert Delivery.objects.get().address == "anna@example.org"
    assert (link.purpose, link.recipient) == ("preferences", anna)


def test_nobody_else_gets_one_and_the_limits_are_used_all_the_same(anna: Recipient) -> None:
    Recipient.objects.create(owner=anna.owner, email="gone@example.org", archived_at=NOW)
    for address in ("stranger@example.org", "gone@example.org"):
        assert not asked(anna, address)
    assert not Mailing.objects.exists() and SignupWindow.objects.exists()
    assert not asked(RecipientFactory.create(), "anna@example.org"), "another owner's person"


def test_invented_addresses_take_nothing_from_the_owners_people(
    anna: Recipient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fresh_links, "OWNER", windows.Limit("few", "limit_form", 1, 3600))
    for number in range(3):
        assert not asked(anna, f"nobody{number}@example.org", ip=f"192.0.{number}.1")
    assert asked(anna)
    assert not asked(
        RecipientFactory.create(owner=anna.owner, email="b@example.org"), "b@example.org"
    )


def test_an_address_gets_three_a_day_and_a_network_five_in_ten_minutes(anna: Recipient) -> None:
    assert [asked(anna, ip=f"192.0.{n}.1") for n in range(4)] == [True, True, True, False]
    assert asked(anna, now=NOW + timedelta(days=1))
    people = [RecipientFactory.create(owner=anna.owner) for _ in range(6)]
    sent = [asked(one, str(one.email), ip="198.51.100.9") for one in people]
    assert sent == [True] * 5 + [False]


def test_a_link_that_was_asked_for_after_a_sign_up_is_not_kept_back_by_it(anna: Recipient) -> None:
    uses = windows.uses_of(owner_id=anna.owner_id, address="anna@example.org", ip=None)
    assert windows.take(uses, now=NOW) is None
    assert asked(anna)


def test_who_unsubscribed_gets_the_link_and_a_bounced_address_does_not(anna: Recipient) -> None:
    stop = SuppressionFactory.create(owner=anna.owner, address=anna.email, reason="unsubscribed")
    assert asked(anna)
    stop.reason = "bounced"
    stop.save()
    assert not asked(anna)
    assert PublicLink.objects.count() == 1, "the link and its email, or neither"


def test_what_could_not_be_sent_costs_no_limit(anna: Recipient) -> None:
    AccountState.objects.update_or_create(name="email", defaults={"state": "disabled"})
    assert [asked(anna) for _ in range(4)] == [False] * 4
    AccountState.objects.update(state="ready")
    assert asked(anna)


def test_it_is_from_the_owners_usual_sender_and_one_message_serves_all(anna: Recipient) -> None:
    usual = {"name": "Shop", "address": "news@shop.example", "confirmed_at": NOW}
    Sender.objects.create(owner=anna.owner, is_default=True, **usual)
    for one in (anna, RecipientFactory.create(owner=anna.owner)):
        assert ask_of(recipient=one, purpose="data", language="en", ip=None, now=NOW)
    assert Run.objects.latest("pk").content["sender"]["address"] == "news@shop.example"
    assert "Shop" in Message.objects.get().text
