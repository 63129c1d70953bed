"""Taking archives of files: a ZIP as it is uploaded, or what lies in a folder of the server."""

from __future__ import annotations

import zipfile
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog
from django.core.files.base import File
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.mailings.models import FileArchive, FileArchiveEntry, PersonalFile
from apps.mailings.personal_files import store
from apps.mailings.personal_files.archives import (
    MAX_ARCHIVE,
    MAX_FILE,
    ArchiveRefused,
    Packed,
    listed,
)
from apps.mailings.services.personal_files.editing import hold, refuse_collected
from apps.mailings.services.personal_files.removing import remove_archives
from apps.mailings.services.personal_files.room import check_room, hold_room
from apps.mailings.services.personal_files.unpacking import unpack

log = structlog.get_logger(__name__)

#: Seconds of a request in which a small archive is unpacked; the rest is done beside it.
_AT_ONCE: Final = 3.0
_BATCH: Final = 1000


def take_archive(
    *, file: PersonalFile, archive: File[Any], name: str, add: bool = False, wait: bool = False
) -> FileArchive:
    """Take a ZIP for a file. ``add``: beside those that are there, else in their place.

    ``wait``: unpack it to the end. Raises ArchiveRefused, FilesInUse, FilesQuota, DiskFull.
    """
    if (archive.size or 0) > MAX_ARCHIVE:
        raise ArchiveRefused(_("The archive is larger than 500 MB."))
    if file.source != PersonalFile.Source.ARCHIVE:
        raise ArchiveRefused(_("This file does not come from an archive."))
    digest, rows = store.keep_file(archive, partial(_judged, file, add=add))
    made = _keep_archive(file, name[-200:], digest, rows, add=add)
    log.info("archive_taken", archive_id=made.pk, files=len(rows), message_id=file.message_id)
    unpack(made.pk, seconds=None if wait else _AT_ONCE)
    made.refresh_from_db()
    return made


def _judged(file: PersonalFile, path: Path, *, add: bool) -> list[Packed]:
    rows = listed(path)
    check_room(file.message.owner_id, _weight(path, rows), _replaced(file, add=add))
    return rows


def _weight(path: Path, rows: list[Packed]) -> int:
    """Bytes of the archive and of all that comes out of it and is kept."""
    return path.stat().st_size + sum(row.size for row in rows if row.size <= MAX_FILE)


def _replaced(file: PersonalFile, *, add: bool) -> QuerySet[FileArchive]:
    """The archives in whose place another one comes."""
    rows: QuerySet[FileArchive] = FileArchive.objects.filter(file=file, mailing=None)
    return rows.none() if add else rows


@transaction.atomic
def _keep_archive(
    file: PersonalFile, name: str, digest: str, rows: list[Packed], *, add: bool
) -> FileArchive:
    hold(file.message_id)
    hold_room(file.message.owner_id)
    before = _replaced(file, add=add)
    if before.exists():
        refuse_collected(file.message_id)
        remove_archives(before)
    path = store.path_of(digest)
    check_room(file.message.owner_id, _weight(path, rows))
    made = FileArchive.objects.create(file=file, name=name, sha256=digest, size=path.stat().st_size)
    FileArchiveEntry.objects.bulk_create(
        (
            FileArchiveEntry(
                archive=made, number=row.number, name=row.name, key=row.key, size=row.size
            )
            for row in rows
        ),
        batch_size=_BATCH,
    )
    return made


def take_folder(*, file: PersonalFile, source: Path, add: bool = False) -> FileArchive:
    """Take a ZIP of this machine, or all files of a folder. Raises as ``take_archive``."""
    if not source.is_dir():
        try:
            with source.open("rb") as opened:
                packed = File(opened, name=source.name)
                return take_archive(file=file, archive=packed, name=source.name, add=add, wait=True)
        except OSError as error:
            text = _("The file %(name)s cannot be read.")
            raise ArchiveRefused(text % {"name": source}) from error
    with store.temporary() as beside:
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as archive:
            for path in sorted(source.rglob("*")):
                if path.is_file() and not path.is_symlink():
                    archive.write(path, path.relative_to(source).as_posix())
        with beside.open("rb") as opened:
            packed = File(opened, name=source.name)
            return take_archive(file=file, archive=packed, name=source.name, add=add, wait=True)
