"""How much the files of single recipients may take of the disk, all of one owner together."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.mailings.models import FileArchive, FileArchiveEntry
from apps.users.models import User

_MEGABYTE: Final = 1024 * 1024


class FilesQuota(Refused):
    """The owner's files of single recipients would take more room than they may."""

    code = "files_quota"


def hold_room(owner_id: int) -> None:
    """Lock the owner's share: who has looked whether there is room still has it when it commits."""
    list(User.objects.select_for_update(no_key=True).filter(pk=owner_id))


def check_room(owner_id: int, more: int, gone: QuerySet[FileArchive] | None = None) -> None:
    """Refuse what does not fit into the owner's share once these are gone. Raises FilesQuota."""
    most: int = settings.PERSONAL_FILES_QUOTA_MB
    if most and used_bytes(owner_id, gone) + more > most * _MEGABYTE:
        text = _("Your files for each recipient may have %(most)d MB together: remove some.")
        raise FilesQuota(text % {"most": most})


def used_bytes(owner_id: int, gone: QuerySet[FileArchive] | None = None) -> int:
    """What the owner's archives weigh, and all files that are or will be unpacked from them."""
    archives = FileArchive.objects.filter(file__message__owner_id=owner_id)
    entries = FileArchiveEntry.objects.filter(archive__file__message__owner_id=owner_id, code="")
    if gone is not None:
        archives = archives.exclude(pk__in=gone.values("pk"))
        entries = entries.exclude(archive__in=gone.values("pk"))
    packed = archives.exclude(sha256="").aggregate(sum=Sum("size"))["sum"]
    return int(packed or 0) + int(entries.aggregate(sum=Sum("size"))["sum"] or 0)
