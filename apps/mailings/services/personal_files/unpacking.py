"""Unpacking archives: each file under its own hash, so that one of them can be removed alone."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable, Iterable
from typing import Final

import structlog
from django.db import transaction
from django.utils import timezone

from apps.core.resources import DiskFull
from apps.mailings.models import FileArchive, FileArchiveEntry
from apps.mailings.personal_files import store
from apps.mailings.personal_files.archives import (
    MAX_FILE,
    REFUSED,
    TOO_LARGE,
    ArchiveRefused,
    judged,
    opened,
    unpacked,
)
from apps.mailings.services.personal_files.removing import forget_later

log = structlog.get_logger(__name__)

#: Files that are unpacked before their rows say so.
CHUNK: Final = 50


def unpack_all(stopping: Callable[[], bool]) -> None:
    """Go on with every archive that is not unpacked, the oldest first."""
    rows = FileArchive.objects.filter(unpacked_at=None, mailing=None)
    for pk in list(rows.order_by("pk").values_list("pk", flat=True)):
        if stopping():
            return
        try:
            unpack(pk, stopping=stopping)
        except DiskFull as full:  # there may be room later
            log.error("archive_not_unpacked", archive_id=pk, code=full.code)


def unpack(
    pk: int, *, seconds: float | None = None, stopping: Callable[[], bool] = lambda: False
) -> bool:
    """Unpack an archive from where it was left, for so many seconds. True when it is whole.

    Any number of processes may be at it: what lies under a hash is the same for all.
    """
    until = None if seconds is None else time.monotonic() + seconds
    archive = FileArchive.objects.filter(pk=pk, unpacked_at=None).first()
    if archive is None:
        return True
    try:
        with opened(store.path_of(archive.sha256)) as packed:
            while rows := _next(pk):
                if stopping() or (until is not None and time.monotonic() > until):
                    return False
                _keep(packed, rows)
    except ArchiveRefused:  # its file is gone, or was damaged on the disk
        left = FileArchiveEntry.objects.filter(archive_id=pk, sha256="", code="")
        log.error("archive_lost", archive_id=pk, files=left.update(code=REFUSED))
    _finish(archive)
    return True


def _next(pk: int) -> list[FileArchiveEntry]:
    rows = FileArchiveEntry.objects.filter(archive_id=pk, sha256="", code="")
    return list(rows.order_by("pk")[:CHUNK])


def _keep(packed: zipfile.ZipFile, rows: Iterable[FileArchiveEntry]) -> None:
    """Put the bytes away first, then write down where they lie."""
    for row in rows:
        data = unpacked(packed, row.number) if row.size <= MAX_FILE else b""
        if row.size > MAX_FILE:
            row.code = TOO_LARGE
        elif data is None:
            row.code = REFUSED
        else:
            found = judged(data, row.name)
            row.code, row.content_type = found.code, found.content_type
            if not row.code:
                row.sha256, row.size = store.keep(data), len(data)
    columns = ["sha256", "code", "content_type", "size"]
    FileArchiveEntry.objects.bulk_update(rows, columns, batch_size=CHUNK)


@transaction.atomic
def _finish(archive: FileArchive) -> None:
    """The ZIP itself is not needed any more, unless others have brought the same."""
    mine = FileArchive.objects.filter(pk=archive.pk, unpacked_at=None)
    if mine.update(unpacked_at=timezone.now(), sha256="", updated_at=timezone.now()):
        forget_later([archive.sha256])
        log.info("archive_unpacked", archive_id=archive.pk)
