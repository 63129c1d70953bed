"""A message in its other form, and back by its versions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.core.content.blocks.converting.to_html import HtmlCannot
from apps.core.content.blocks.editing import places
from apps.mailings.models import Message, MessageDraft
from apps.mailings.models.content import content_of
from apps.mailings.services.letters.draft_operations import act
from apps.mailings.services.letters.sources.converting import (
    DraftUnsaved,
    conversion_of,
    convert,
    has_unsaved,
)
from apps.mailings.services.messages import (
    MessageChanged,
    MessageService,
    keep_draft,
    restore_version,
)
from tests.factories import MessageFactory
from tests.mailings.media.library import drawn
from tests.mailings.services.letters.letters import a_letter, id_of, writer_of
from tests.people import Cast

pytestmark = pytest.mark.django_db
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def saved(cast: Cast, **content: Any) -> Message:
    made = Message(owner=cast.owner, subject="Spring", **content)
    return MessageService(cast.owner).save(made)


def blocks_of(message: Message) -> list[str]:
    body = (message.document or {})["body"]
    columns = [column for section in body for column in section["columns"]]
    return [block["type"] for column in columns for block in column["blocks"]]


def test_html_becomes_blocks_and_the_version_brings_it_back(cast: Cast) -> None:
    message = saved(cast, html="<h1>Hi</h1><p>{{ full_name }}</p>", text="My own text")
    found = convert(message=message, author=cast.owner)
    message = Message.objects.get(pk=message.pk)
    assert (message.form, message.html, message.text) == ("blocks", "", "My own text")
    assert blocks_of(message) == ["heading", "text", "footer"] and message.revision == 2
    assert message.language == "en", "the words of its footer are its writer's"
    assert found.report is not None and found.report.blocks == 2
    restore_version(version=message.versions.get(number=1), author=cast.owner)
    message = Message.objects.get(pk=message.pk)
    assert (message.form, message.document) == ("html", None) and "<h1>Hi</h1>" in message.html


def test_rules_of_a_style_sheet_go_with_their_elements(cast: Cast) -> None:
    html = "<style>.a{color:#aa0000} pre{margin:7px}</style><p class=a>x</p><pre>{{ name }}</pre>"
    convert(message=saved(cast, html=html), author=cast.owner)
    body = (Message.objects.latest("pk").document or {})["body"]
    text, kept = body[0]["columns"][0]["blocks"]
    assert text["colour"] == "#aa0000"
    assert kept["source"] == '<pre style="margin: 7px;">{{ name }}</pre>'


def test_a_text_becomes_blocks_and_its_text_is_made_of_them(cast: Cast) -> None:
    message = saved(cast, text="Hi\n\n- a\n- b\n\nUnsubscribe: {{ unsubscribe_url }}")
    convert(message=message, author=cast.owner)
    message = Message.objects.get(pk=message.pk)
    assert (message.form, message.text) == ("blocks", "") and blocks_of(message)[0] == "text"


def test_blocks_become_html_that_can_be_sent(cast: Cast) -> None:
    message = a_letter(cast.owner)
    convert(message=message, author=cast.owner)
    message = Message.objects.get(pk=message.pk)
    assert (message.form, message.document) == ("html", None)
    for part in ("Spring news", "{{ full_name }}", "{{ unsubscribe_url }}", "Kofein", "<!doctype"):
        assert part in message.html
    message.full_clean(exclude=["owner"])
    assert message.versions.filter(form="blocks").exists()


def test_html_of_blocks_carries_no_picture_and_has_its_preheader_once(cast: Cast) -> None:
    message, media = a_letter(cast.owner), drawn(cast.owner)
    document: dict[str, Any] = message.document or {}
    picture = {"media": media.pk, "alt": "Cup", "embed": True, "url": "", "decorative": False}
    image = places.new_node("image") | {"picture": picture | {"dark_media": None}}
    document["body"][0]["columns"][0]["blocks"].append(image)
    message.preheader = "Soon in May"
    message.save()
    found = conversion_of(message).content
    assert f"/m/{media.token}/" in found["html"] and "cid:" not in found["html"]
    assert found["preheader"] == "Soon in May" and "Soon in May" not in found["html"]


def test_what_html_cannot_keep_is_refused(cast: Cast) -> None:
    message = a_letter(cast.owner)
    rule = {"kind": "field", "name": "city", "op": "is", "value": "Tula", "id": None}
    asked = {
        "op": "set",
        "id": id_of(message, "text"),
        "field": "visibility",
        "value": {"match": "all", "rules": [rule]},
    }
    draft = act(writer_of(message), [asked], now=NOW).draft
    Message.objects.filter(pk=message.pk).update(document=draft.document)
    draft.delete()
    message = Message.objects.get(pk=message.pk)
    with pytest.raises(HtmlCannot):
        convert(message=message, author=cast.owner)
    assert Message.objects.get(pk=message.pk).form == "blocks"


def test_a_draft_that_is_not_saved_is_not_dropped(cast: Cast) -> None:
    message = saved(cast, html="<p>a</p>")
    content = {"subject": "Spring", "html": "<p>typed</p>", "text": ""}
    keep_draft(message=message, author=cast.owner, base_revision=1, content=content)
    with pytest.raises(DraftUnsaved):
        convert(message=message, author=cast.owner)
    assert MessageDraft.objects.get().html == "<p>typed</p>"
    MessageDraft.objects.update(html="<p>a</p>")
    assert not has_unsaved(message, cast.owner)
    convert(message=message, author=cast.owner)
    assert not MessageDraft.objects.exists()


def test_a_newer_version_is_not_overwritten(cast: Cast) -> None:
    message = saved(cast, text="a")
    with pytest.raises(MessageChanged):
        convert(message=message, author=cast.owner, base_revision=7)
    assert Message.objects.get(pk=message.pk).form == "text"


def test_a_look_changes_nothing(cast: Cast) -> None:
    message = MessageFactory.create(owner=cast.owner)
    before = content_of(message)
    conversion_of(message)
    assert content_of(Message.objects.get(pk=message.pk)) == before
