"""What a launch does about the files of single recipients: checks them, and keeps what is wanted.

Refused
├─ FileMissing        file_missing         a message to one lacks a file that it must have
├─ FileTooLarge       file_too_large       a file, or all of a letter together, is too large
├─ FileUnreachable    file_unreachable     its address does not answer
└─ PersonalFileRefused (naming)  file_refused
"""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q, prefetch_related_objects

from apps.core.errors import Refused
from apps.core.responses.stored import code_of, coded, values_of
from apps.core.responses.texts import SENTENCES
from apps.core.text.formatting import in_words
from apps.delivery.engine.staging.plan import Plan, look_at
from apps.mailings.ledger.runs import LockedRun
from apps.mailings.models import (
    Delivery,
    FileArchive,
    Mailing,
    Message,
    PersonalFile,
    Run,
    RunFiles,
)
from apps.mailings.personal_files.archives import MISSING, REFUSED, TOO_LARGE, UNREACHABLE
from apps.mailings.personal_files.naming import (
    PersonalFileRefused,
    check_channels,
    check_patterns,
    kept,
)
from apps.mailings.services.personal_files.editing import hold


class FileMissing(Refused):
    """A message to one recipient lacks a file that it must have."""

    code = MISSING


class FileTooLarge(Refused):
    """A recipient's file, or all files of the letter together, are too large."""

    code = TOO_LARGE


class FileUnreachable(Refused):
    """The address of a recipient's file does not answer."""

    code = UNREACHABLE


_REFUSALS: Final[dict[str, type[Refused]]] = {
    one.code: one for one in (FileMissing, FileTooLarge, FileUnreachable)
}


def refusal_of(code: str, name: str) -> Refused:
    """Why a message to one recipient is not sent, by what is the matter with the file."""
    kind = _REFUSALS.get(code)
    if kind is None:
        return PersonalFileRefused(SENTENCES[REFUSED].words, file_name=name)
    return kind(in_words(coded(code, name)))


def check_files(mailing: Mailing) -> None:
    """Raise the refusal that says why the files of the message cannot be brought, if one is known.

    Raises PersonalFileRefused, TemplateRefused.
    """
    prefetch_related_objects([mailing.message], "personal_files")
    files = list(mailing.message.personal_files.all())
    for one in files:
        check_patterns(one)
    shared = mailing.message.attachments.count() if files else 0
    check_channels(files, [channel for channel, _account in mailing.routes], shared)


def files_mark(mailing: Mailing) -> list[Any]:
    """What changes when the files for each recipient do; empty where there are none."""
    files = sorted(mailing.message.personal_files.all(), key=lambda one: one.pk)
    if not files:
        return []
    mine = Q(mailing=None) | Q(mailing=mailing)
    archives = FileArchive.objects.filter(mine, file__in=files).order_by("pk")
    return [*map(kept, files), *archives.values_list("pk", "unpacked_at", "updated_at")]


def keep_wanted(run: Run, message: Message) -> None:
    """Keep which files each recipient of the run gets; of most messages none."""
    files = list(message.personal_files.all())
    if files and run.mailing.kind != Mailing.Kind.TRANSACTIONAL:
        # Nobody takes one away between this look and the run that others can see.
        hold(message.pk)
        files = list(PersonalFile.objects.filter(message=message).order_by("pk"))
    if files:
        RunFiles.objects.create(run=run, wanted=[kept(one) for one in files])


def stage_at_once(locked: LockedRun, run: Run) -> None:
    """Find the files of a message to one recipient; what lies behind an address is waited for.

    Raises FileMissing, FileTooLarge and PersonalFileRefused.
    """
    files = RunFiles.objects.filter(run_id=locked.id).first()
    if files is None:
        return
    rows = Delivery.objects.filter(run_id=locked.id, state=Delivery.State.PENDING)
    look_at(locked, Plan.of(files, run), list(rows.select_related("recipient")))
    RunFiles.objects.filter(pk=files.pk).update(staged_at=locked.now, total=len(files.wanted))
    failed = Delivery.objects.filter(run_id=locked.id, state=Delivery.State.FAILED).first()
    if failed is not None:
        name = values_of(failed.response).get("file_name", "")
        raise refusal_of(code_of(failed.response), name)
