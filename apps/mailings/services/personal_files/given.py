"""Files that programs give: for one recipient of one mailing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.mailings.models import FileArchive, FileArchiveEntry, Mailing, PersonalFile
from apps.mailings.personal_files import store
from apps.mailings.personal_files.archives import MAX_FILE, TOO_LARGE, judged
from apps.mailings.personal_files.naming import PersonalFileRefused, clean_name
from apps.mailings.services.personal_files.room import check_room

log = structlog.get_logger(__name__)


class FileNotWanted(Refused):
    """The message has no such file that programs give, or has several and none was named."""

    code = "file_not_wanted"


class GivenTooLarge(Refused):
    """A file is larger than 10 MB."""

    code = TOO_LARGE


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file as a program gives it. ``file_id``: which of the message's; None: the only one."""

    name: str
    content: bytes
    file_id: int | None = None


def give_file(*, mailing: Mailing, recipient_id: int, given: GivenFile) -> FileArchiveEntry:
    """Keep a file for one recipient of a mailing, in the place of one that was given before.

    Raises FileNotWanted, GivenTooLarge, PersonalFileRefused, FilesQuota, DiskFull.
    """
    file = _wanted(mailing, given.file_id)
    name = clean_name(given.name)
    found = judged(given.content, name)
    if found.code == TOO_LARGE:
        most = MAX_FILE // (1024 * 1024)
        raise GivenTooLarge(_("The file is larger than %(most)d MB.") % {"most": most})
    if found.code:
        raise PersonalFileRefused(
            _(
                "Files of this kind are not sent: PDF, pictures, office documents, ZIP and text"
                " are, each under a name that ends as its kind does."
            )
        )
    check_room(mailing.owner_id, len(given.content))
    digest = store.keep(given.content)
    with transaction.atomic():
        entry = _replace(file, mailing, str(recipient_id), name, digest)
        entry.size, entry.content_type = len(given.content), found.content_type
        entry.save()
    log.info("file_given", mailing_id=mailing.pk, recipient_id=recipient_id, file_id=file.pk)
    return entry


def _replace(
    file: PersonalFile, mailing: Mailing, key: str, name: str, digest: str
) -> FileArchiveEntry:
    now = timezone.now()
    archive, _made = FileArchive.objects.update_or_create(
        file=file, mailing=mailing, defaults={"unpacked_at": now}
    )
    entry = FileArchiveEntry.objects.filter(archive=archive, key=key).first()
    entry = entry or FileArchiveEntry(archive=archive, key=key, size=0)
    entry.name, entry.sha256, entry.code = name, digest, ""
    return entry


def give_files(*, mailing: Mailing, recipient_id: int, files: Sequence[GivenFile]) -> None:
    """Give several: those that name none take the message's files in their order.

    Raises as ``give_file``.
    """
    if not files:
        return
    named = {one.file_id for one in files}
    free = [pk for pk in _ids(mailing) if pk not in named]
    for one in files:
        if one.file_id is None and not free:
            raise FileNotWanted(_("The message asks for fewer files than were given."))
        pk = one.file_id if one.file_id is not None else free.pop(0)
        give_file(
            mailing=mailing,
            recipient_id=recipient_id,
            given=GivenFile(one.name, one.content, pk),
        )


def _ids(mailing: Mailing) -> list[int]:
    rows = PersonalFile.objects.filter(
        message_id=mailing.message_id, source=PersonalFile.Source.API
    )
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _wanted(mailing: Mailing, file_id: int | None) -> PersonalFile:
    ids = _ids(mailing)
    if file_id is None and len(ids) == 1:
        file_id = ids[0]
    if file_id not in ids:
        text = _("The message has no such file: its files that programs give are %(ids)s.")
        raise FileNotWanted(text % {"ids": ", ".join(map(str, ids)) or "—"})
    return PersonalFile.objects.get(pk=file_id)
