"""What of a message a run keeps, and what is refused before it does."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.content.template_language import TemplateRefused
from apps.mailings.models import Message
from apps.mailings.services.letters.bodies import LetterIncomplete, check_message, kept_bodies
from tests.factories import MediaFileFactory, MessageFactory, UserFactory
from tests.mailings.services.letters.letters import a_letter

pytestmark = pytest.mark.django_db


def with_picture(message: Message, media: int) -> Message:
    """The letter with this picture of a library in it."""
    document: dict[str, Any] = message.document or {}
    picture = {"media": media, "url": "", "alt": "A heron"}
    image = {"type": "image", "id": "image000001", "picture": picture}
    document["body"][0]["columns"][0]["blocks"].append(image)
    message.document = document
    return message


def test_a_letter_shows_pictures_of_its_owner_only() -> None:
    owner = UserFactory.create()
    mine, other = MediaFileFactory.create(owner=owner), MediaFileFactory.create()
    check_message(with_picture(a_letter(owner), mine.pk))
    with pytest.raises(LetterIncomplete) as refused:
        check_message(with_picture(a_letter(owner), other.pk))
    assert refused.value.gap == "picture_missing"


def test_the_preheader_of_html_is_sent_hidden_and_that_of_a_text_has_no_place() -> None:
    message = MessageFactory.create(html="<p>Hello</p>", text="Hello", preheader="New & fresh")
    kept = kept_bodies(message)
    assert kept["html"].startswith('<div style="display:none') and "New &amp; fresh" in kept["html"]
    assert kept["html"].endswith("</div><p>Hello</p>") and kept["text"] == "Hello"
    message = MessageFactory.create(html="", text="Hello", preheader="New")
    assert kept_bodies(message) == {"html": "", "text": "Hello"}


def test_a_preheader_that_cannot_be_sent_is_refused_before_the_start() -> None:
    message = MessageFactory.create(html="<p>Hello</p>", preheader="{{ name")
    with pytest.raises(TemplateRefused):
        check_message(message)


def test_html_that_cannot_stand_in_a_letter_is_refused_with_its_own_code() -> None:
    letter = a_letter(UserFactory.create())
    document: dict[str, Any] = letter.document or {}
    raw = {"type": "html", "id": "html0000001", "source": "<div><b>open"}
    document["body"][0]["columns"][0]["blocks"].append(raw)
    with pytest.raises(TemplateRefused) as refused:
        check_message(letter)
    assert refused.value.code == "template_place"
