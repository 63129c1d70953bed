"""The bytes of attachments: kept once under their hash, checked when a run is compiled."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

from django.utils.translation import gettext as _

from apps.core.errors import ContentRefused
from apps.mailings.models import Message
from apps.mailings.models.content import private_storage

#: Where the files of messages lie in the private storage.
FOLDER: Final = "attachments"


class AttachmentMissing(ContentRefused):
    """The bytes of an attachment are not where they were put, or are not those that were put."""

    code = "attachment_missing"


def keep(data: bytes, folder: str = FOLDER) -> str:
    """Put the bytes away. Returns their hash, by which they are found again in the same folder.

    A file appears under its hash only when it is whole and on the disk; what lies there already is
    compared, for a process may have been killed in the middle of an older write. Raises OSError
    (the disk is full, for one) and leaves nothing behind then.
    """
    digest = sha256(data).hexdigest()
    path = Path(private_storage().path(path_of(digest, folder)))
    if not _holds(path, data):
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, data)
    return digest


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False


def _write(path: Path, data: bytes) -> None:
    """Write beside the place, wait for the disk, and only then take the name."""
    beside = NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False)
    try:
        with beside:
            beside.write(data)
            beside.flush()
            os.fsync(beside.fileno())
        os.replace(beside.name, path)
    except BaseException:
        Path(beside.name).unlink(missing_ok=True)
        raise
    settle(path.parent)


def settle(folder: Path) -> None:
    """Have the new name survive a power cut; Windows does so on its own."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def path_of(digest: str, folder: str = FOLDER) -> str:
    """Where the bytes with this hash lie in the private storage."""
    return f"{folder}/{digest[:2]}/{digest}"


def snapshot(message: Message) -> list[dict[str, Any]]:
    """What a run keeps of the message's attachments."""
    if message.pk is None:
        return []
    rows = sorted(message.attachments.all(), key=lambda row: row.pk)
    return [
        {"name": row.name, "type": row.content_type, "sha256": row.sha256, "size": row.size}
        for row in rows
    ]


def loaded(kept: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str, bytes], ...]:
    """Name, type and bytes of everything in a snapshot. Raises AttachmentMissing."""
    return tuple((one["name"], one["type"], bytes_of(one)) for one in kept)


def bytes_of(one: Mapping[str, Any]) -> bytes:
    """The bytes of one attachment, which are those that were attached. Raises AttachmentMissing."""
    try:
        with private_storage().open(path_of(one["sha256"])) as file:
            data: bytes = file.read()
    except OSError:
        text = _("The file of the attachment “%(name)s” is missing: attach it again.")
        raise AttachmentMissing(text, name=one["name"]) from None
    if len(data) != one["size"] or sha256(data).hexdigest() != one["sha256"]:
        text = _("The file of the attachment “%(name)s” is damaged: attach it again.")
        raise AttachmentMissing(text, name=one["name"])
    return data
