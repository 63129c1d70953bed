"""Who may subscribe whom, and that nobody but the person revives what the person has ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.mailings.models import (
    Consent,
    MailingList,
    Recipient,
    Subscription,
    Suppression,
    SuppressionEvent,
)
from apps.mailings.services.permission.consents import Evidence, who_digest
from apps.mailings.services.permission.subscribing import (
    ListsRefused,
    SubscriptionEnded,
    await_confirmation,
    confirm,
    expire_unconfirmed,
    resume,
    subscribe,
    unsubscribe,
    unsubscribe_all,
)
from tests.factories import MailingListFactory, RecipientFactory

pytestmark = [pytest.mark.django_db, pytest.mark.engine]

NOW = timezone.now()
PERSON = Evidence(source="page", by_person=True, said_at=NOW)
OWNER = Evidence(
    source="manual", by_person=False, said_at=NOW, actor="boss@example.org", statement="At a fair"
)
FORM = Evidence(source="form", by_person=True, said_at=NOW)
PROGRAM = Evidence(source="api", by_person=False, said_at=NOW, ip="192.0.2.1", page="/shop/")


@pytest.fixture
def anna(db: None) -> Recipient:
    return RecipientFactory.create(phone="79161234567")


@pytest.fixture
def updates(anna: Recipient) -> MailingList:
    return MailingListFactory.create(owner=anna.owner)


def status(person: Recipient, one: MailingList) -> str | None:
    row = Subscription.objects.filter(recipient=person, list=one).first()
    return row.status if row else None


def acts(person: Recipient) -> list[str]:
    return [*Consent.objects.filter(recipient=person).order_by("pk").values_list("act", flat=True)]


@pytest.mark.parametrize(
    ("evidence", "act"), [(PERSON, "given"), (PROGRAM, "given"), (OWNER, "stated")]
)
def test_a_new_subscription_points_to_what_gave_the_right(
    anna: Recipient, updates: MailingList, evidence: Evidence, act: str
) -> None:
    (row,) = subscribe(recipient=anna, lists=[updates], evidence=evidence, now=NOW)
    assert (row.status, row.since, row.by) == ("subscribed", NOW, evidence.source)
    consent = row.consent
    assert consent is not None
    assert (consent.act, consent.list, consent.recipient) == (act, updates, anna)
    assert (consent.statement, consent.ip, consent.page) == (
        evidence.statement,
        evidence.ip,
        evidence.page,
    )
    assert consent.who == who_digest(anna.owner_id, "email", str(anna.email))


def test_who_is_subscribed_keeps_the_first_consent(anna: Recipient, updates: MailingList) -> None:
    (first,) = subscribe(recipient=anna, lists=[updates], evidence=OWNER, now=NOW)
    (again,) = subscribe(recipient=anna, lists=[updates, updates], evidence=PERSON, now=NOW)
    assert again.consent_id == first.consent_id
    assert acts(anna) == ["stated"]


def test_a_confirmation_is_waited_for_and_takes_the_place_of_a_weaker_consent(
    anna: Recipient, updates: MailingList
) -> None:
    other = MailingListFactory.create(owner=anna.owner)
    subscribe(recipient=anna, lists=[other], evidence=OWNER, now=NOW)
    await_confirmation(recipient=anna, lists=[updates, other], evidence=PERSON, now=NOW)
    assert (status(anna, updates), status(anna, other)) == ("unconfirmed", "subscribed")
    assert acts(anna) == ["stated"], "nothing is consented to before the confirmation"
    subscribe(recipient=anna, lists=[updates], evidence=OWNER, now=NOW)
    assert status(anna, updates) == "unconfirmed", "only the person confirms"
    for _number in range(2):
        rows = confirm(recipient=anna, lists=[updates, other], evidence=PERSON, now=NOW)
        assert [row.consent and row.consent.act for row in rows] == ["confirmed", "confirmed"]
    assert acts(anna) == ["stated", "confirmed", "confirmed"]


@pytest.mark.parametrize("evidence", [OWNER, PROGRAM])
def test_nobody_else_revives_what_the_person_has_ended(
    anna: Recipient, updates: MailingList, evidence: Evidence
) -> None:
    other = MailingListFactory.create(owner=anna.owner)
    subscribe(recipient=anna, lists=[updates], evidence=PERSON, now=NOW)
    unsubscribe(recipient=anna, lists=[updates], evidence=PERSON, now=NOW)
    for act in (subscribe, await_confirmation):
        with pytest.raises(SubscriptionEnded) as refused:
            act(recipient=anna, lists=[other, updates], evidence=evidence, now=NOW)
        assert refused.value.code == "subscription_ended"
    assert (status(anna, updates), status(anna, other)) == ("unsubscribed", None)
    subscribe(recipient=anna, lists=[updates], evidence=PERSON, now=NOW)
    assert status(anna, updates) == "subscribed"


def test_a_new_request_leaves_the_end_in_force_until_it_is_confirmed(
    anna: Recipient, updates: MailingList
) -> None:
    subscribe(recipient=anna, lists=[updates], evidence=PERSON, now=NOW)
    unsubscribe(recipient=anna, lists=[updates], evidence=PERSON, now=NOW)
    await_confirmation(recipient=anna, lists=[updates], evidence=PERSON, now=NOW)
    assert status(anna, updates) == "unsubscribed"
    confirm(recipient=anna, lists=[updates], evidence=PERSON, now=NOW)
    assert status(anna, updates) == "subscribed"


def test_unsubscribing_ends_what_is_named_and_keeps_by_what_right_it_was(
    anna: Recipient, updates: MailingList
) -> None:
    other = MailingListFactory.create(owner=anna.owner)
    subscribe(recipient=anna, lists=[updates, other], evidence=PERSON, now=NOW)
    later = NOW + timedelta(days=1)
    one_click = replace(PERSON, source="one_click", said_at=later)
    for count in (1, 0):  # idempotent
        assert (
            len(unsubscribe(recipient=anna, lists=[updates], evidence=one_click, now=later))
            == count
        )
    row = Subscription.objects.get(recipient=anna, list=updates)
    assert (row.status, row.ended_at, row.by) == ("unsubscribed", later, "one_click")
    assert row.consent is not None and row.consent.act == "given"
    assert status(anna, other) == "subscribed"
    assert acts(anna) == ["given", "given", "withdrawn"]
    assert not Suppression.objects.exists()


def test_leaving_everything_closes_every_address_and_the_person_opens_them_again(
    anna: Recipient, updates: MailingList
) -> None:
    fresh = MailingListFactory.create(owner=anna.owner)
    subscribe(recipient=anna, lists=[updates], evidence=PERSON, now=NOW)
    for _number in range(2):  # idempotent
        unsubscribe_all(recipient=anna, evidence=PERSON, now=NOW)
    assert status(anna, updates) == "unsubscribed"
    assert {*Suppression.objects.values_list("channel", "reason")} == {
        ("email", "unsubscribed"),
        ("phone", "unsubscribed"),
    }
    last = Consent.objects.filter(recipient=anna).latest("pk")
    assert (acts(anna), last.list) == (["given", "withdrawn"], None)
    with pytest.raises(SubscriptionEnded):  # nor to a list that is new
        subscribe(recipient=anna, lists=[fresh], evidence=OWNER, now=NOW)
    subscribe(recipient=anna, lists=[fresh], evidence=PERSON, now=NOW)
    assert not Suppression.objects.exists()
    assert status(anna, updates) == "unsubscribed"
    assert SuppressionEvent.objects.count() == 4


def test_a_confirmation_lifts_no_bounce(anna: Recipient, updates: MailingList) -> None:
    Suppression.objects.create(owner=anna.owner, address=str(anna.email), reason="bounced")
    confirm(recipient=anna, lists=[updates], evidence=replace(PERSON, channel="email"), now=NOW)
    assert Suppression.objects.get().reason == "bounced"


def test_a_confirmation_lifts_the_address_by_which_it_came_alone(
    anna: Recipient, updates: MailingList
) -> None:
    anna.telegram_chat_id = 77
    anna.save()
    for channel, address in (("email", anna.email), ("phone", anna.phone)):
        Suppression.objects.create(
            owner=anna.owner, channel=channel, address=str(address), reason="unsubscribed"
        )
    confirm(recipient=anna, lists=[updates], evidence=replace(PERSON, channel="email"), now=NOW)
    assert Suppression.objects.get().channel == "phone"


def test_an_end_is_taken_back_to_what_was_before(anna: Recipient, updates: MailingList) -> None:
    asked = MailingListFactory.create(owner=anna.owner)
    subscribe(recipient=anna, lists=[updates], evidence=PERSON, now=NOW)
    await_confirmation(recipient=anna, lists=[asked], evidence=PERSON, now=NOW)
    unsubscribe(recipient=anna, lists=[updates, asked], evidence=PERSON, now=NOW)
    for count in (2, 0):  # idempotent
        assert (
            len(resume(recipient=anna, lists=[updates, asked], evidence=PERSON, now=NOW)) == count
        )
    assert (status(anna, updates), status(anna, asked)) == ("subscribed", "unconfirmed")
    assert acts(anna)[-2:] == ["resumed", "resumed"]


def test_who_never_confirms_is_forgotten_and_the_end_is_kept(
    anna: Recipient, updates: MailingList
) -> None:
    other = MailingListFactory.create(owner=anna.owner)
    old = NOW - timedelta(days=31)
    await_confirmation(recipient=anna, lists=[updates], evidence=PERSON, now=old)
    await_confirmation(recipient=anna, lists=[other], evidence=PERSON, now=NOW)
    assert (expire_unconfirmed(now=NOW), expire_unconfirmed(now=NOW)) == (1, 0)
    assert (status(anna, updates), status(anna, other)) == (None, "unconfirmed")
    assert acts(anna) == ["expired"]


@pytest.mark.parametrize("fault", [{"archived_at": NOW}, {"owner": None}])
def test_list_and_recipient_have_one_owner_and_the_list_is_in_use(
    anna: Recipient, updates: MailingList, fault: dict[str, Any]
) -> None:
    if "owner" in fault:
        fault = {"owner": RecipientFactory.create().owner}
    MailingList.objects.filter(pk=updates.pk).update(**fault)
    updates.refresh_from_db()
    for act in (subscribe, await_confirmation, confirm):
        with pytest.raises(ListsRefused):
            act(recipient=anna, lists=[updates], evidence=PERSON, now=NOW)
    assert not Subscription.objects.exists()


def test_what_a_browser_says_of_itself_is_cut(anna: Recipient, updates: MailingList) -> None:
    wordy = replace(PERSON, user_agent="x" * 999, page="y" * 999)
    subscribe(recipient=anna, lists=[updates], evidence=wordy, now=NOW)
    consent = Consent.objects.get()
    assert (len(consent.user_agent), len(consent.page)) == (200, 500)
