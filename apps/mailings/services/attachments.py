"""Attaching files to messages, and taking them away."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath
from typing import Any, Final

import structlog
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.core.files.types import type_of
from apps.mailings.attachments import keep
from apps.mailings.models import Attachment, Message

log = structlog.get_logger(__name__)

MAX_BYTES: Final = 10 * 1024 * 1024
MAX_TOGETHER: Final = 15 * 1024 * 1024


class AttachmentRefused(Refused):
    """The file is too large, empty, of a kind that is not sent, or there is no room for it."""

    code = "attachment_refused"


@transaction.atomic
def attach(*, message: Message, upload: UploadedFile[Any]) -> Attachment:
    """Attach a file to the message. Raises AttachmentRefused."""
    list(Message.objects.select_for_update().filter(pk=message.pk))  # two at once share the limit
    size = upload.size or 0
    if not size:
        raise AttachmentRefused(_("The file is empty."))
    if size > MAX_BYTES:
        raise AttachmentRefused(_("The file is larger than 10 MB."))
    together = message.attachments.aggregate(sum=Sum("size"))["sum"] or 0
    if together + size > MAX_TOGETHER:
        raise AttachmentRefused(_("All files of a message may have 15 MB together."))
    name = clean_name(upload.name or "")
    data = upload.read()
    kind = type_of(data, name)
    if kind is None:
        raise AttachmentRefused(
            _(
                "Files of this kind are not sent: PDF, pictures, office documents, ZIP and text"
                " are, each under a name that ends as its kind does."
            )
        )
    try:
        digest = keep(data)
    except OSError as error:
        log.error("attachment_not_kept", message_id=message.pk, error=str(error))
        raise AttachmentRefused(
            _("The file could not be stored: there may be no room left on the server's disk.")
        ) from error
    return Attachment.objects.create(
        message=message, name=name, content_type=kind, size=len(data), sha256=digest
    )


def clean_name(name: str) -> str:
    """The file's own name, without folders, control characters or anything invisible."""
    last = PurePosixPath(name.replace("\\", "/")).name
    shown = "".join(
        char for char in last if unicodedata.category(char)[0] not in "CZ" or char == " "
    )
    return " ".join(shown.split())[-150:] or "file"


def detach(*, attachment: Attachment) -> None:
    """Remove a file from its message. Open runs still send it."""
    attachment.delete()
