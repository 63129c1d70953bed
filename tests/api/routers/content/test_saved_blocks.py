"""Programs save blocks, change them and put them into messages."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.content.blocks.editing.places import new_node
from apps.mailings.models import SavedBlock
from tests.api.conftest import Voice

pytestmark = pytest.mark.django_db
LIST = "/api/saved-blocks/"


def add(voice: Voice, name: str = "Contacts") -> dict[str, Any]:
    answer = voice.post(LIST, {"name": name, "section": new_node("section")})
    assert answer.status_code == 201, answer.content
    body: dict[str, Any] = answer.json()
    return body


def test_it_is_saved_found_and_changed(anna: Voice) -> None:
    made = add(anna)
    assert (made["revision"], made["used"], made["section"]["type"]) == (1, 0, "section")
    found = anna.get(f"{LIST}?search=cont").json()
    assert [one["id"] for one in found["items"]] == [made["id"]]
    values = {"name": "Other", "section": new_node("section"), "revision": 1}
    changed = anna.patch(f"{LIST}{made['id']}/", values).json()
    assert (changed["name"], changed["revision"]) == ("Other", 2)
    again = anna.patch(f"{LIST}{made['id']}/", values)
    assert (again.status_code, again.json()["code"]) == (409, "saved_block_changed")


def test_a_message_has_it_by_its_id_and_it_is_not_deleted(anna: Voice) -> None:
    made = add(anna)
    reference = {"type": "saved", "id": "saved000001", "block": made["id"]}
    document = {"schema": 1, "body": [reference, new_node("section")]}
    message = anna.post("/api/messages/", {"subject": "Spring", "document": document})
    assert message.status_code == 201, message.content
    url = f"{LIST}{made['id']}/"
    assert anna.get(url).json()["used"] == 1
    refused = anna.delete(url)
    assert (refused.status_code, refused.json()["code"]) == (409, "saved_block_used")
    anna.delete(f"/api/messages/{message.json()['id']}/")
    assert anna.delete(url).json() == {"deleted": 1, "archived": 0}
    assert not SavedBlock.objects.exists()


@pytest.mark.parametrize(
    "values",
    [
        {"name": "", "section": new_node("section")},
        {"name": "Contacts", "section": new_node("section")},
        {"name": "x", "section": {"type": "section"}},
        {"name": "x", "section": new_node("heading")},
        {"name": "x", "section": []},
        {"name": "x"},
    ],
)
def test_what_is_no_block_is_refused(values: dict[str, Any], anna: Voice) -> None:
    add(anna)
    assert anna.post(LIST, values).status_code == 422
    assert SavedBlock.objects.count() == 1


def test_its_translations_are_written_and_read(anna: Voice) -> None:
    section, heading = new_node("section"), new_node("heading") | {"text": "Until Friday"}
    section["columns"][0]["blocks"] = [heading]
    key = f"{heading['id']}.text"
    values = {"name": "x", "section": section, "language": "en"}
    made = anna.post(LIST, {**values, "translations": {"ru": {key: "До пятницы"}}}).json()
    assert made["translations"] == {"ru": {key: "До пятницы"}}
    url = f"{LIST}{made['id']}/"
    heading["text"] = "Until Sunday"
    changed = anna.patch(url, {"section": section}).json()
    assert (changed["language"], changed["translations"]) == ("en", made["translations"])
    changed = anna.patch(url, {"translations": {"de": {key: "Bis Sonntag", "none.text": "x"}}})
    assert changed.json()["translations"] == {"de": {key: "Bis Sonntag"}}
    assert anna.patch(url, {"translations": {"?": {key: "x"}}}).status_code == 422
