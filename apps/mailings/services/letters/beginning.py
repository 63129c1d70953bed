"""New letters of blocks."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from apps.core.content.blocks.editing.places import blank_document
from apps.core.content.blocks.editing.storing import stored
from apps.core.content.translation import Translations
from apps.mailings.models import Message, MessageVersion
from apps.mailings.models.content import content_of
from apps.mailings.services.languages.translations import keep_translations, translations_of
from apps.mailings.services.media.uses import record_uses
from apps.users.models import User


@transaction.atomic
def begin_letter(
    *,
    author: User,
    document: dict[str, Any] | None = None,
    translations: Translations | None = None,
    **head: Any,
) -> Message:
    """A new letter of blocks: without a subject it is listed, and cannot be sent.

    ``head``: its name, subject, preheader and language, and what it is a copy of. Raises
    ContentRefused for a document that is none.
    """
    message = Message.objects.create(
        owner=author,
        document=stored(document if document is not None else blank_document()),
        **head,
    )
    keep_translations(message, translations or {})
    record_uses(message)
    MessageVersion.objects.create(
        message=message,
        number=message.revision,
        author=author,
        translations=translations_of(message),
        **content_of(message),
    )
    return message
