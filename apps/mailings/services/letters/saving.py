"""From a draft to a version."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.mailings.models import Message, MessageDraft
from apps.mailings.services.languages.translations import translations_of
from apps.mailings.services.letters.reuse.originals import keep_in_original
from apps.mailings.services.messages import MessageService, discard_draft
from apps.users.models import User

#: What a draft holds that a message does not take while it is written: it may be too long.
_HEAD = ("name", "subject", "preheader", "language", "text", "document")


@transaction.atomic
def save_letter(*, draft: MessageDraft, author: User, base_revision: int) -> Message:
    """Make the draft the newest version of its letter, and of what the letter is a copy of.

    Raises ValidationError where it cannot be kept as a version, MessageChanged when there is a
    newer one than the writer began from, and TemplateForbidden.
    """
    message = draft.message
    assert message is not None
    for name in _HEAD:
        setattr(message, name, getattr(draft, name))
    message.html = ""
    message.full_clean(exclude=["owner", *(["subject"] if message.is_copy else [])])
    service = MessageService(author)
    saved = service.save(message, base_revision=base_revision, translations=translations_of(draft))
    if saved.is_copy:
        keep_in_original(saved, author)
    discard_draft(message=saved, author=author)
    return saved


def go_on_over(draft: MessageDraft, revision: int) -> None:
    """Go on with a draft over a newer version that its writer has been shown."""
    MessageDraft.objects.filter(pk=draft.pk).update(base_revision=revision)


def problems_of(error: ValidationError) -> list[str]:
    """What a letter cannot be saved for, in sentences."""
    if not hasattr(error, "error_dict"):
        return list(error.messages)
    found = []
    for field, errors in error.message_dict.items():
        label = (
            ""
            if field == "__all__"
            else str(getattr(Message._meta.get_field(field), "verbose_name", field))
        )
        found += [f"{label.capitalize()}: {text}" if label else text for text in errors]
    return found
