"""Lists, subscriptions and consents over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.feedback.models import Signup
from apps.mailings.models import Consent, MailingList, Recipient, Subscription
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.subscribing import subscribe, unsubscribe
from apps.users.models import ApiToken
from tests.api.conftest import Voice, voice_of
from tests.factories import MailingListFactory, RecipientFactory
from tests.feedback.signups import live_form

pytestmark = pytest.mark.django_db

LISTS = "/api/lists/"
NOW = timezone.now()
PERSON = Evidence(source="form", by_person=True, said_at=NOW, ip="192.0.2.7")


@pytest.fixture
def updates(anna: Voice) -> MailingList:
    return MailingListFactory.create(owner=anna.user, title="Updates")


def test_a_list_is_added_changed_archived_and_restored(anna: Voice) -> None:
    made = anna.post(LISTS, {"title": " Product  updates ", "visibility": "private"})
    assert made.status_code == 201, made.json()
    body = made.json()
    assert (body["title"], body["slug"], body["optin"]) == (
        "Product updates",
        "product-updates",
        "double",
    )
    one = f"{LISTS}{body['id']}/"
    assert anna.post(LISTS, {"title": "PRODUCT updates"}).json()["code"] == "list_refused"
    assert anna.patch(one, {"title": "Digest"}).json()["visibility"] == "private"
    person = RecipientFactory.create(owner=anna.user)
    given = {"recipient": person.pk, "statement": "At a fair"}
    assert anna.post(f"{one}subscriptions/", given).status_code == 200
    assert anna.get(one).json()["subscribed"] == 1
    assert anna.delete(one).json() == {"deleted": 0, "archived": 1}
    assert anna.get(LISTS).json()["items"] == []
    assert anna.get(f"{LISTS}?state=archived").json()["count"] == 1
    assert anna.post(f"{one}restore/").json()["archived_at"] is None


def test_somebody_is_subscribed_with_evidence(anna: Voice, updates: MailingList) -> None:
    said = "2026-05-12T10:00:00+03:00"
    given = {"email": "New@example.org", "said_at": said, "page": "https://shop.example.org/"}
    url = f"{LISTS}{updates.pk}/subscriptions/"
    body = anna.post(url, {**given, "ip": "192.0.2.9"}).json()
    assert (body["status"], body["by"]) == ("subscribed", "api")
    consent = Consent.objects.get(pk=body["consent"])
    assert (consent.act, consent.ip, consent.page) == (
        "given",
        "192.0.2.9",
        "https://shop.example.org/",
    )
    assert consent.said_at.isoformat().startswith("2026-05-12T07:00")
    assert Recipient.objects.get(email="new@example.org").source == "api"
    again = anna.post(url, given).json()
    assert again["consent"] == body["consent"]
    assert [row["id"] for row in anna.get(f"{url}?status=subscribed").json()["items"]] == [
        body["id"]
    ]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"email": "a@example.org"}, "statement_missing"),
        ({"statement": "yes"}, "invalid"),
        ({"email": "a@example.org", "recipient": 1, "statement": "yes"}, "invalid"),
        ({"email": "nobody", "statement": "yes"}, "invalid"),
        ({"email": "a@example.org", "statement": "yes", "ip": "300.1.1.1"}, "invalid"),
        ({"email": "a@example.org", "said_at": "2999-01-01T00:00:00Z"}, "invalid"),
    ],
)
def test_a_subscription_without_proof_is_refused(
    anna: Voice, updates: MailingList, given: dict[str, Any], code: str
) -> None:
    answer = anna.post(f"{LISTS}{updates.pk}/subscriptions/", given)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not Subscription.objects.exists()


@pytest.mark.parametrize("how", [{"statement": "They want it"}, {"confirm": True}])
def test_who_has_unsubscribed_is_not_revived(
    anna: Voice, updates: MailingList, how: dict[str, Any]
) -> None:
    assert anna.user is not None
    live_form(anna.user, lists=[updates])
    person = RecipientFactory.create(owner=anna.user)
    subscribe(recipient=person, lists=[updates], evidence=PERSON, now=NOW)
    url = f"{LISTS}{updates.pk}/subscriptions/"
    for _number in range(2):  # idempotent
        assert anna.delete(f"{url}{person.pk}/").json()["status"] == "unsubscribed"
    answer = anna.post(url, {"recipient": person.pk, **how})
    assert (answer.status_code, answer.json()["code"]) == (409, "subscription_ended")
    assert not Signup.objects.exists()


def test_a_person_is_asked_to_confirm_by_a_form_of_the_owner(
    anna: Voice, updates: MailingList
) -> None:
    assert anna.user is not None
    url = f"{LISTS}{updates.pk}/subscriptions/"
    given = {"email": "new@example.org", "confirm": True}
    assert anna.post(url, given).json()["code"] == "form_closed"
    assert not Subscription.objects.exists()
    form = live_form(anna.user, lists=[updates])
    assert anna.post(url, given).json()["status"] == "unconfirmed"
    signup = Signup.objects.get()
    assert (signup.form, signup.address, signup.lists) == (form, "new@example.org", [updates.pk])
    assert signup.recipient is not None and signup.recipient.unconfirmed_since is not None
    assert not Consent.objects.exists()


def test_what_a_person_has_said_is_listed_and_a_reading_token_sees_no_ip(
    anna: Voice, updates: MailingList
) -> None:
    assert anna.user is not None
    person = RecipientFactory.create(owner=anna.user)
    subscribe(recipient=person, lists=[updates], evidence=PERSON, now=NOW)
    later = NOW + timedelta(minutes=1)
    unsubscribe(recipient=person, lists=[updates], evidence=PERSON, now=later)
    url = f"/api/recipients/{person.pk}/"
    acts = anna.get(f"{url}consents/").json()["items"]
    assert [(row["act"], row["list"], row["ip"]) for row in acts] == [
        ("withdrawn", updates.pk, "192.0.2.7"),
        ("given", updates.pk, "192.0.2.7"),
    ]
    reader = voice_of(anna.user, ApiToken.Scope.READ)
    assert {row["ip"] for row in reader.get(f"{url}consents/").json()["items"]} == {None}
    (row,) = anna.get(f"{url}subscriptions/").json()["items"]
    assert (row["list"], row["status"]) == (updates.pk, "unsubscribed")
