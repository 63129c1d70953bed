"""Segments and custom fields over the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.mailings.models import AttributeDefinition, Recipient, Segment
from apps.mailings.selectors.recipients import RecipientFilters, found_recipients
from tests.api.conftest import Voice
from tests.factories import MailingFactory, RecipientFactory

pytestmark = pytest.mark.django_db
URL = "/api/segments/"
OMSK = {"field": "attribute", "name": "city", "op": "is", "value": "Омск"}


def tree(node: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "root": node}


@pytest.fixture
def omsk(anna: Voice) -> Segment:
    assert anna.user is not None
    AttributeDefinition.objects.create(owner_id=anna.user.pk, name="city")
    RecipientFactory.create(owner=anna.user, email="ivan@example.org", attributes={"city": "Омск"})
    RecipientFactory.create(owner=anna.user, email="petr@example.org")
    return Segment.objects.create(owner_id=anna.user.pk, name="Omsk", tree=tree({"all": [OMSK]}))


def test_a_segment_is_added_changed_and_archived(anna: Voice, omsk: Segment) -> None:
    made = anna.post(URL, {"name": "Not Omsk", "tree": tree({"not": OMSK})})
    assert made.status_code == 201
    assert made.json()["sentence"] == "not: city is “Омск”"
    pk = made.json()["id"]
    wrong = anna.post(URL, {"name": "Wrong", "tree": tree({"all": [OMSK | {"op": "at_least"}]})})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "segment_invalid")
    assert "root.all[0]" in wrong.json()["detail"]
    changed = anna.call("PATCH", f"{URL}{pk}/", {"name": "Elsewhere"})
    assert changed.json()["name"] == "Elsewhere"
    mailing = MailingFactory.create(owner=anna.user)
    mailing.segments.add(pk)
    assert anna.call("DELETE", f"{URL}{pk}/").json()["code"] == "segment_in_use"
    mailing.segments.clear()
    assert anna.call("DELETE", f"{URL}{pk}/").json() == {"deleted": 0, "archived": 1}
    assert [one["name"] for one in anna.get(URL).json()["items"]] == ["Omsk"]


def test_count_members_and_why(anna: Voice, omsk: Segment) -> None:
    url = f"{URL}{omsk.pk}"
    count = anna.get(f"{url}/count/").json()
    assert (count["count"], count["exact"]) == (1, True)
    members = anna.get(f"{url}/members/").json()
    assert [one["email"] for one in members["items"]] == ["ivan@example.org"]
    why = anna.get(f"{url}/explain/?address=petr@example.org").json()
    assert why["member"] is False
    assert [one["path"] for one in why["answers"]] == ["root", "root.all[0]"]
    assert anna.get(f"{url}/explain/?address=nobody@example.org").status_code == 404


def test_values_are_numbers_and_flags_in_json(anna: Voice) -> None:
    for name, kind in (("age", "number"), ("vip", "bool")):
        made = anna.post("/api/attributes/", {"name": name, "kind": kind})
        assert (made.status_code, made.json()["reading"]) == (201, True)
    person = {"email": "a@example.org", "attributes": {"age": 30, "vip": True, "city": "Омск"}}
    made = anna.post("/api/recipients/", person)
    assert made.json()["attributes"] == person["attributes"]
    wrong = anna.post("/api/recipients/", {"email": "b@example.org", "attributes": {"age": "x"}})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "attribute_misfit")
    anna.post(
        "/api/recipients/bulk/", {"items": [{"email": "c@example.org", "attributes": {"age": 7}}]}
    )
    assert Recipient.objects.get(email="c@example.org").attributes == {"age": 7}


def test_a_custom_field_changes_its_kind_unless_a_segment_needs_it(
    anna: Voice, omsk: Segment
) -> None:
    city = AttributeDefinition.objects.get()
    url = f"/api/attributes/{city.pk}/"
    answer = anna.call("PUT", url, {"name": "city", "kind": "number"})
    assert (answer.status_code, answer.json()["code"]) == (409, "attribute_in_use")
    assert anna.call("DELETE", url).json()["code"] == "attribute_in_use"
    answer = anna.call("PUT", url, {"name": "city", "kind": "choice", "choices": ["Омск"]})
    assert (answer.json()["choices"], answer.json()["reading"]) == (["Омск"], True)


def test_the_command_counts_and_lists(omsk: Segment, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("segments", "count", omsk.pk)
    call_command("segments", "members", omsk.pk)
    written = capsys.readouterr().out.splitlines()
    assert written[0] == "1"
    assert written[1].split("\t")[1] == "ivan@example.org"
    with pytest.raises(CommandError, match="segment_unknown"):
        call_command("segments", "count", 10**6)


def test_the_list_of_recipients_is_filtered_by_a_segment(anna: Voice, omsk: Segment) -> None:
    filters = RecipientFilters({"segment": str(omsk.pk)})
    rows = found_recipients(Recipient.objects.all(), filters).rows
    assert [row.email for row in rows] == ["ivan@example.org"]
    filters = RecipientFilters({"segment": "999999"})
    assert not found_recipients(Recipient.objects.all(), filters).rows.exists()
