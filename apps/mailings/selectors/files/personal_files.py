"""How far the files of single recipients are, and what a message and a mailing have of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from apps.core.contracts import Actor
from apps.core.responses.stored import values_of
from apps.core.text.formatting import figure, grouped
from apps.mailings.models import (
    Delivery,
    DeliveryFile,
    FileArchive,
    FileArchiveEntry,
    Mailing,
    Message,
    PersonalFile,
    Run,
)


@dataclass(frozen=True, slots=True)
class ArchiveStanding:
    """An archive as its page shows it: files in it, those unpacked, and those that are not sent."""

    archive: FileArchive
    total: int
    unpacked: int
    bad: int

    @property
    def is_whole(self) -> bool:
        return self.archive.unpacked_at is not None


@dataclass(frozen=True, slots=True)
class FileStanding:
    """One file for each recipient of a message, with its archives."""

    file: PersonalFile
    archives: Sequence[ArchiveStanding]


def files_of_message(message: Message) -> list[FileStanding]:
    """The files that every recipient gets for itself, each with the archives it may lie in."""
    rows = FileArchive.objects.filter(file__message=message, mailing=None)
    counted = rows.annotate(
        total=Count("entries"),
        done=Count("entries", filter=~Q(entries__sha256="") | ~Q(entries__code="")),
        bad=Count("entries", filter=~Q(entries__code="")),
    ).order_by("-pk")
    found: dict[int, list[ArchiveStanding]] = {}
    for row in counted:
        standing = ArchiveStanding(row, row.total, row.done, row.bad)
        found.setdefault(row.file_id, []).append(standing)
    return [FileStanding(one, found.get(one.pk, [])) for one in message.personal_files.all()]


def bad_entries(file: PersonalFile, most: int = 20) -> list[FileArchiveEntry]:
    """Files of the archives that are not sent, by name."""
    rows = FileArchiveEntry.objects.filter(archive__file=file, archive__mailing=None)
    return list(rows.exclude(code="").order_by("name")[:most])


@dataclass(frozen=True, slots=True)
class FileOfMailing:
    """One file for each recipient, and in words how many are there for this mailing."""

    file: PersonalFile
    words: str


def files_of_mailing(mailing: Mailing) -> list[FileOfMailing]:
    """The message's files for each recipient, with what lies ready for this mailing."""
    files = list(PersonalFile.objects.filter(message_id=mailing.message_id).order_by("pk"))
    if not files:
        return []
    mine = Q(archive__mailing=None) | Q(archive__mailing=mailing)
    rows = FileArchiveEntry.objects.filter(mine, archive__file__in=files).order_by()
    counts = dict(rows.values_list("archive__file_id").annotate(Count("pk")))
    return [FileOfMailing(one, _ready_words(one, counts.get(one.pk, 0))) for one in files]


def _ready_words(file: PersonalFile, count: int) -> str:
    figures = {"count": grouped(count)}
    if file.source == PersonalFile.Source.URL:
        return _("fetched before the start")
    if file.source == PersonalFile.Source.API:
        return _("given by a program: %(count)s") % figures
    return _("in the archive: %(count)s") % figures


def files_text(run: Run, now: datetime, format_time: Callable[[datetime, datetime], str]) -> str:
    """How many files a run has that waits for them; empty for any other run."""
    if run.reason != Run.Reason.FILES:
        return ""
    known = values_of(run.reason_detail)
    if not known:
        return ""
    figures = {"done": figure(known["used"]), "all": figure(known["limit"])}
    if run.deferred_until is not None and run.deferred_until > now:
        text = _("Files: %(done)s of %(all)s. Missing ones are tried again %(when)s.")
        return text % {**figures, "when": format_time(run.deferred_until, now)}
    return _("Files: %(done)s of %(all)s.") % figures


def files_of_delivery(delivery: Delivery, actor: Actor) -> list[tuple[DeliveryFile, bool]]:
    """The files of one delivery, and whether this person may open each: their owner alone may."""
    own = delivery.run.mailing.owner_id == actor.pk
    ready = DeliveryFile.State.READY
    return [(row, own and row.state == ready) for row in delivery.files.order_by("number")]
