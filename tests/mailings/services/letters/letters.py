"""Letters of blocks for the tests."""

from __future__ import annotations

from typing import Any

from apps.core.content.blocks.editing import places
from apps.mailings.models import Message
from apps.mailings.services.letters.beginning import begin_letter
from apps.mailings.services.letters.draft_operations import Writer, draft_for
from apps.users.models import User


def a_letter(owner: User) -> Message:
    """A saved message of blocks: a heading, a text, a footer."""
    message = begin_letter(author=owner)
    document: dict[str, Any] = message.document or {}
    values = {
        "heading": {"text": "Spring news"},
        "text": {"html": "<p>Hello, {{ full_name }}!</p>"},
        "footer": {"company": "Kofein", "address": "1 Garden Street, Tula"},
    }
    for place in places.each(document):
        place.node.update(values.get(places.kind_of(place.node), {}))
    message.subject, message.document = "Spring", document
    message.save()
    return message


def writer_of(message: Message) -> Writer:
    """The owner at the page as it is now."""
    message = Message.objects.get(pk=message.pk)
    draft = draft_for(message, message.owner)
    return Writer(message.owner, message, draft.sequence, draft.base_revision)


def id_of(message: Message, kind: str) -> str:
    """The id of the first part of this kind in the draft."""
    document = draft_for(message, message.owner).document or {}
    return next(
        str(place.node["id"])
        for place in places.each(document)
        if places.kind_of(place.node) == kind
    )
