"""Programs keep templates and begin messages with them."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.content.blocks.editing.places import blank_document
from apps.mailings.models import Message, MessageTemplate
from tests.api.conftest import Voice

pytestmark = pytest.mark.django_db
LIST = "/api/templates/"


def given(**more: Any) -> dict[str, Any]:
    return {"name": "Friday news", "subject": "News", "document": blank_document(), **more}


def test_it_is_added_found_described_and_begun_with(anna: Voice) -> None:
    made = anna.post(LIST, given(category="news"))
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["name"], body["subject"], body["for_everybody"]) == ("Friday news", "News", False)
    url = f"{LIST}{body['id']}/"
    assert anna.get(f"{LIST}?search=friday").json()["items"][0]["id"] == body["id"]
    assert anna.patch(url, {"description": "Weekly"}).json()["description"] == "Weekly"
    message = anna.post(f"{url}messages/")
    assert message.status_code == 201 and message.json()["subject"] == "News"
    assert Message.objects.get().document == MessageTemplate.objects.get().document
    assert anna.delete(url).status_code == 204


def test_those_for_everybody_are_for_who_may_publish(anna: Voice, bob: Voice, mary: Voice) -> None:
    refused = anna.post(LIST, given(for_everybody=True))
    assert (refused.status_code, refused.json()["code"]) == (403, "template_forbidden")
    made = mary.post(LIST, given(for_everybody=True)).json()
    url = f"{LIST}{made['id']}/"
    assert bob.get(url).status_code == 200
    changed = bob.patch(url, {"name": "x"})
    assert (changed.status_code, changed.json()["code"]) == (403, "template_forbidden")
    assert bob.post(f"{url}messages/").status_code == 201
    assert mary.delete(url).status_code == 204


@pytest.mark.parametrize(
    "more",
    [
        {"name": ""},
        {"category": "none"},
        {"document": {"schema": 1, "body": 1}},
        {"document": None},
    ],
)
def test_what_is_no_template_is_refused(more: dict[str, Any], anna: Voice) -> None:
    assert anna.post(LIST, given(**more)).status_code == 422
    assert not MessageTemplate.objects.exists()


def test_its_translations_go_into_the_messages_begun_with_it(anna: Voice) -> None:
    values = given(language="en", translations={"ru": {"subject": "Новости", "none.text": "x"}})
    made = anna.post(LIST, values).json()
    assert made["translations"] == {"ru": {"subject": "Новости"}}
    message = anna.post(f"{LIST}{made['id']}/messages/").json()
    found = anna.get(f"/api/messages/{message['id']}/translations/ru/").json()
    assert [one["text"] for one in found["strings"] if one["key"] == "subject"] == ["Новости"]
