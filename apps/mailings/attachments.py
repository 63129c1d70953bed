"""The bytes of attachments: kept once under their hash, read when a run is compiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from django.core.files.base import ContentFile
from django.utils.translation import gettext as _

from apps.core.errors import ContentRefused
from apps.mailings.models import Message
from apps.mailings.models.content import private_storage


class AttachmentMissing(ContentRefused):
    """The bytes of an attachment are not where they were put."""

    code = "attachment_missing"


def keep(data: bytes) -> str:
    """Put the bytes away. Returns their hash, by which they are found again."""
    digest = sha256(data).hexdigest()
    storage = private_storage()
    if not storage.exists(path_of(digest)):
        storage.save(path_of(digest), ContentFile(data))
    return digest


def path_of(digest: str) -> str:
    """Where the bytes with this hash lie in the private storage."""
    return f"attachments/{digest[:2]}/{digest}"


def snapshot(message: Message) -> list[dict[str, Any]]:
    """What a run keeps of the message's attachments."""
    if message.pk is None:
        return []
    rows = message.attachments.order_by("pk")
    return [
        {"name": row.name, "type": row.content_type, "sha256": row.sha256, "size": row.size}
        for row in rows
    ]


def loaded(kept: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str, bytes], ...]:
    """Name, type and bytes of everything in a snapshot. Raises AttachmentMissing."""
    return tuple((one["name"], one["type"], _bytes_of(one)) for one in kept)


def _bytes_of(one: Mapping[str, Any]) -> bytes:
    try:
        with private_storage().open(path_of(one["sha256"])) as file:
            data: bytes = file.read()
    except OSError:
        words = _("The file of the attachment “%(name)s” is missing: attach it again.")
        raise AttachmentMissing(words % {"name": one["name"]}) from None
    return data
