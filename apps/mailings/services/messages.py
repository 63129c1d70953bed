"""What people do to their messages. Every save of the content leaves a version behind."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.mailings.models import Attachment, Message, MessageDraft, MessageVersion
from apps.users.models import User


class MessageChanged(Refused):
    """Somebody saved another version since this one was opened."""

    code = "message_changed"


@transaction.atomic
def save_message(*, message: Message, base_revision: int, author: User) -> Message:
    """Save the content over the revision it was written from, and keep it as a version.

    Raises MessageChanged when there is a newer one; then nothing is saved.
    """
    if message.pk is None:
        message.save()
    else:
        newer = Message.objects.select_for_update().filter(pk=message.pk, revision=base_revision)
        if not newer.exists():
            raise MessageChanged(_("Somebody has saved another version of this message meanwhile."))
        message.revision = base_revision + 1
        message.save(update_fields=["subject", "text", "html", "revision", "updated_at"])
    _keep_version(message, author)
    discard_draft(message=message, author=author)
    return message


def _keep_version(message: Message, author: User) -> None:
    MessageVersion.objects.create(
        message=message,
        number=message.revision,
        subject=message.subject,
        text=message.text,
        html=message.html,
        author=author,
    )


@transaction.atomic
def restore_version(*, version: MessageVersion, author: User) -> Message:
    """Make an older version the newest one. Nothing is lost: the present one stays a version."""
    message = Message.objects.select_for_update().get(pk=version.message_id)
    message.subject, message.text, message.html = version.subject, version.text, version.html
    message.revision += 1
    message.save(update_fields=["subject", "text", "html", "revision", "updated_at"])
    _keep_version(message, author)
    return message


@transaction.atomic
def duplicate_message(*, message: Message, author: User) -> Message:
    """A copy of the content as a new message of the author's."""
    subject = _("%(subject)s (copy)") % {"subject": message.subject}
    copy = Message.objects.create(
        owner=author, subject=subject[:255], text=message.text, html=message.html
    )
    Attachment.objects.bulk_create(
        Attachment(
            message=copy,
            name=file.name,
            content_type=file.content_type,
            size=file.size,
            sha256=file.sha256,
        )
        for file in message.attachments.all()
    )
    _keep_version(copy, author)
    return copy


def remove_message(*, message: Message, now: datetime) -> bool:
    """Delete a message that no mailing uses; archive one that some do. True when deleted."""
    if message.mailings.exists():
        message.archived_at = now
        message.save(update_fields=["archived_at", "updated_at"])
        return False
    message.delete()
    return True


def restore_message(*, message: Message) -> None:
    """Take a message out of the archive."""
    message.archived_at = None
    message.save(update_fields=["archived_at", "updated_at"])


def keep_draft(
    *, message: Message | None, author: User, base_revision: int, content: dict[str, str]
) -> MessageDraft:
    """Keep what was typed and not saved yet, good or not: one draft per message and writer."""
    values = {"base_revision": base_revision, **content}
    draft, _made = MessageDraft.objects.update_or_create(
        owner=author, message=message, defaults=values
    )
    return draft


def discard_draft(*, message: Message | None, author: User) -> None:
    """Forget what was typed; for a saved new message, the draft of a new one as well."""
    drafts = MessageDraft.objects.filter(owner=author)
    drafts.filter(message=message).delete()
    if message is not None and message.revision == 1:
        drafts.filter(message=None).delete()
