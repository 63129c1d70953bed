"""What of a message a run keeps, and what is refused before it does."""

from __future__ import annotations

from typing import Any

import pytest

from apps.mailings.models import Message
from apps.mailings.services.letters.bodies import LetterIncomplete, check_message
from tests.factories import MediaFileFactory, UserFactory
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
