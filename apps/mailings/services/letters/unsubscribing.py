"""A link to unsubscribe, put into what is being written."""

from __future__ import annotations

from datetime import datetime

from apps.core.content.blocks.editing import places
from apps.mailings.models import Message
from apps.mailings.services.letters import draft_operations
from apps.mailings.services.letters.draft_operations import Writer, draft_for
from apps.users.models import User


def insert_footer(*, message: Message, author: User, now: datetime) -> bool:
    """Put a footer under the author's draft, as a step of it; one that has a footer is left alone.

    False when nobody is writing: then it is the message that lacks one. Raises DraftMoved.
    """
    draft = draft_for(message, author)
    if draft.pk is None or draft.document is None:
        return False
    document = draft.document
    if any(places.kind_of(place.node) == "footer" for place in places.each(document)):
        return True
    section = places.with_footer(document)["body"][-1]
    asked = {"op": "insert", "node": section, "parent": "", "at": len(document["body"])}
    writer = Writer(author, message, draft.sequence, draft.base_revision)
    draft_operations.act(writer, [asked], now=now)
    return True
