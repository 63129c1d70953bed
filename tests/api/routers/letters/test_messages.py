"""Messages of every form over the API, and programs that know nothing of blocks."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.content.blocks.editing.places import blank_document
from apps.mailings.models import Message
from tests.api.conftest import Voice
from tests.mailings.services.letters.letters import a_letter

pytestmark = pytest.mark.django_db
URL = "/api/messages/"


def sent(voice: Voice, **values: Any) -> Any:
    return voice.post(URL, {"subject": "Spring", **values})


def test_a_document_makes_a_message_of_blocks(anna: Voice) -> None:
    made = sent(anna, document=blank_document(), preheader="Soon", name="May", language="EN")
    assert made.status_code == 201
    found = made.json()
    assert (found["form"], found["html"], found["name"]) == ("blocks", "", "May")
    assert (found["preheader"], found["language"]) == ("Soon", "en")
    same = anna.put(f"{URL}{found['id']}/", {"subject": "S", "document": found["document"]})
    assert same.json()["document"] == found["document"] and same.json()["revision"] == 2


def test_what_is_stored_is_clean_and_whole(anna: Voice) -> None:
    text = {"type": "text", "id": "text0001", "html": "<p onclick='x()'>Hi<script>x</script></p>"}
    column = {"id": "column01", "blocks": [text]}
    section = {"type": "section", "id": "section1", "columns": [column]}
    made = sent(anna, document={"schema": 1, "body": [section]}).json()
    (kept,) = made["document"]["body"][0]["columns"][0]["blocks"]
    assert (kept["html"], kept["align"]) == ("<p>Hi</p>", "left")
    assert made["document"]["theme"]["width"] == 600


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"document": {"schema": 1, "body": [{"type": "nothing"}]}}, "document_invalid"),
        ({"document": {"schema": 1, "extra": 1}}, "document_invalid"),
        ({"document": {"schema": 2}}, "document_newer"),
        ({"document": {"schema": 1, "body": ["x" * 400_001]}}, "document_too_big"),
        ({"document": blank_document(), "html": "<p>x</p>"}, "form_mixed"),
    ],
)
def test_a_document_that_is_none_is_refused(anna: Voice, values: Any, code: str) -> None:
    answer = sent(anna, **values)
    assert 400 <= answer.status_code < 500 and code in answer.content.decode()
    assert not Message.objects.exists()


def test_a_program_that_knows_no_blocks_goes_on(anna: Voice) -> None:
    made = sent(anna, html="<p>x</p>").json()
    assert (made["form"], made["document"], made["name"]) == ("html", None, "Spring")
    changed = anna.patch(f"{URL}{made['id']}/", {"subject": "Summer"}).json()
    assert (changed["name"], changed["subject"]) == ("Summer", "Summer")
    text = anna.put(f"{URL}{made['id']}/", {"subject": "Autumn", "text": "x"}).json()
    assert (text["form"], text["html"], text["name"]) == ("text", "", "Autumn")


def test_blocks_are_kept_when_the_subject_is_changed_and_go_when_html_takes_their_place(
    anna: Voice,
) -> None:
    assert anna.user is not None
    letter = a_letter(anna.user)
    path = f"{URL}{letter.pk}/"
    assert anna.patch(path, {"subject": "New"}).json()["document"] == letter.document
    mixed = anna.patch(path, {"html": "<p>x</p>"})
    assert "form_mixed" in mixed.content.decode()
    html = anna.patch(path, {"html": "<p>x</p>", "document": None}).json()
    assert (html["form"], html["document"]) == ("html", None)
    assert letter.versions.filter(form="blocks").exists()


def test_a_message_is_found_by_its_name(anna: Voice) -> None:
    sent(anna, text="x", name="Newsletter 5")
    sent(anna, text="x")
    assert [one["name"] for one in anna.get(f"{URL}?search=letter").json()["items"]] == [
        "Newsletter 5"
    ]
