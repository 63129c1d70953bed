"""Customers: recipients with a phone, seen through the words of another service."""

from __future__ import annotations

import pytest

from apps.mailings.models import Recipient
from tests.api.conftest import Voice
from tests.factories import DeliveryFactory, RecipientFactory, TagFactory

pytestmark = pytest.mark.django_db
LIST = "/api/customers/"
GOOD = {"phone": "79161234567"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "phone"),
        ({"phone": "7916123456"}, "phone"),
        ({"phone": "+7916123456"}, "phone"),
        ({"phone": "7916123456７"}, "phone"),
        ({"phone": 7916123456}, "phone"),
        ({"phone": True}, "phone"),
        ({"phone": 79161234567.0}, "phone"),
        ({**GOOD, "operator_code": "91"}, "operator_code"),
        ({**GOOD, "time_zone": "Mars/Base"}, "time_zone"),
        ({**GOOD, "tag": "a,b"}, "tag"),
        ({**GOOD, "id": 5}, "id"),
        ({**GOOD, "email": "a@example.org"}, "email"),
    ],
)
def test_what_is_wrong_is_reported_by_field(anna: Voice, body: object, field: str) -> None:
    answer = anna.post(LIST, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not Recipient.objects.exists()


@pytest.mark.parametrize(
    ("phone", "stored", "shown"),
    [
        ("79161234567", "79161234567", "79161234567"),
        (79161234567, "79161234567", "79161234567"),  # the form of the send service
        ("8 (916) 123-45-67", "79161234567", "79161234567"),
        ("+44 20 7946 0000", "442079460000", "+442079460000"),
    ],
)
def test_a_phone_is_brought_into_the_one_form(
    anna: Voice, phone: object, stored: str, shown: str
) -> None:
    made = anna.post(LIST, {"phone": phone})
    assert (made.status_code, made.json()["phone"]) == (201, shown)
    assert Recipient.objects.get().phone == stored
    # What was answered is understood when it is sent back.
    assert anna.put(f"{LIST}{made.json()['id']}", {"phone": shown}).json()["phone"] == shown


def test_an_operator_code_is_taken_from_the_phone_unless_it_is_given(anna: Voice) -> None:
    assert anna.post(LIST, GOOD).json()["operator_code"] == "916"
    moved = {"phone": "79161234568", "operator_code": "925"}
    made = anna.post(LIST, moved).json()
    assert made["operator_code"] == "925"
    assert (
        anna.put(f"{LIST}{made['id']}", {"phone": "79031234568"}).json()["operator_code"] == "903"
    )


def test_a_phone_is_there_once_for_each_owner(anna: Voice, bob: Voice) -> None:
    anna.post(LIST, GOOD)
    assert anna.post(LIST, GOOD).status_code == 422
    assert bob.post(LIST, GOOD).status_code == 201


def test_one_that_was_deleted_comes_back_with_its_history(anna: Voice) -> None:
    made = anna.post(LIST, {**GOOD, "tag": "old"}).json()
    recipient = Recipient.objects.get()
    DeliveryFactory.create(recipient=recipient, address=GOOD["phone"])
    assert anna.delete(f"{LIST}{made['id']}").json() == {"deleted": 0, "archived": 1}
    assert anna.get(f"{LIST}{made['id']}").status_code == 404
    assert anna.get(LIST).json()["items"] == []
    again = anna.post(LIST, {**GOOD, "tag": "new"}).json()
    assert (again["id"], again["tag"]) == (made["id"], "new")
    assert recipient.deliveries.count() == 1


def test_what_a_recipient_has_beyond_a_customer_stays(anna: Voice) -> None:
    recipient = RecipientFactory.create(
        owner=anna.user, phone="79161234567", full_name="Анна", attributes={"city": "Омск"}
    )
    for name in ("first", "second"):
        recipient.tags.add(TagFactory.create(owner=anna.user, name=name))
    one = f"{LIST}{recipient.pk}"
    shown = anna.get(one).json()
    assert shown["tag"] == "second"
    assert anna.put(one, {key: shown[key] for key in shown if key != "id"}).json() == shown
    assert anna.put(one, {**GOOD, "tag": "third"}).json()["tag"] == "third"
    recipient.refresh_from_db()
    assert sorted(recipient.tags.values_list("name", flat=True)) == ["first", "third"]
    assert (recipient.full_name, recipient.attributes) == ("Анна", {"city": "Омск"})
    assert recipient.email is not None
    assert anna.put(one, GOOD).json()["tag"] == ""
    assert not recipient.tags.exists()


def test_who_has_no_phone_is_no_customer(anna: Voice) -> None:
    recipient = RecipientFactory.create(owner=anna.user)
    assert anna.get(f"{LIST}{recipient.pk}").status_code == 404
    assert anna.get(LIST).json()["count"] == 0


def test_the_list_is_found_by_tag_and_operator_code(anna: Voice) -> None:
    vip = anna.post(LIST, {**GOOD, "tag": "vip"}).json()
    other = anna.post(LIST, {"phone": "79251234567"}).json()
    assert anna.get(f"{LIST}?tag=vip").json()["items"] == [vip]
    assert anna.get(f"{LIST}?operator_code=925").json()["items"] == [other]
    page = anna.get(f"{LIST}?limit=1").json()
    assert (page["items"], page["count"]) == ([other], 2)
    assert anna.get(f"{LIST}?limit=1&cursor={page['next']}").json()["items"] == [vip]


def test_a_search_finds_the_beginning_of_a_phone_an_operator_code_and_a_tag(
    anna: Voice, bob: Voice, mary: Voice
) -> None:
    made = anna.post(LIST, {"phone": "79161234567", "operator_code": "925", "tag": "vip"}).json()
    for text in ("7916", "79161234567", "925", "vip", " vip "):
        assert anna.post("/search", {"query": text}).json()["customers"] == [made], text
        assert bob.post("/search", {"query": text}).json()["customers"] == []
        assert mary.post("/search", {"query": text}).json()["customers"] == [made]
    assert anna.post("/search", {"query": "916"}).json()["customers"] == []
    assert anna.post("/search", {"query": ""}).status_code == 422
    assert anna.post("/search", {"query": "x\x00"}).status_code == 422
