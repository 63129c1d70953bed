"""Which files the recipients of a message get, each for itself."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.content.template_language import TemplateRefused
from apps.core.errors import ContentRefused, Refused
from apps.core.text.formatting import refusal_text
from apps.mailings.models import FileArchiveEntry, Message, PersonalFile, Run, RunFiles
from apps.mailings.models.files.personal import MOST_FILES
from apps.mailings.personal_files.naming import check_patterns
from apps.mailings.services.personal_files.removing import forget_later


class FilesTooMany(Refused):
    """A message has as many files for each recipient as it may."""

    code = "files_too_many"


class FilesInUse(Refused):
    """A run is still collecting the files: its recipients would not get theirs."""

    code = "files_in_use"


def hold(message_id: int) -> None:
    """Lock the message, for those who change its files and for starts, which keep them."""
    list(Message.objects.select_for_update(no_key=True).filter(pk=message_id))


def refuse_collected(message_id: int) -> None:
    """Refuse while a run of a message that is held is collecting its files. Raises FilesInUse."""
    open_runs = RunFiles.objects.exclude(run__state=Run.State.DONE)
    if open_runs.filter(run__mailing__message_id=message_id, staged_at=None).exists():
        raise FilesInUse(
            _(
                "A mailing is still collecting these files: wait until it has them, or stop it."
                " An archive can be added beside the others."
            )
        )


def check_file(file: PersonalFile) -> None:
    """Raise the ValidationError that says what is wrong with the patterns of a file."""
    try:
        check_patterns(file)
    except TemplateRefused as refusal:
        raise ValidationError(refusal_text(refusal), code=refusal.code) from refusal
    except ContentRefused as refusal:
        text = refusal_text(refusal)
        raise ValidationError({"origin": ValidationError(text, code=refusal.code)}) from refusal


@transaction.atomic
def save_file(*, file: PersonalFile) -> PersonalFile:
    """Check and save a new file or a changed one. Raises ValidationError, FilesTooMany."""
    hold(file.message_id)
    others = PersonalFile.objects.filter(message_id=file.message_id).exclude(pk=file.pk)
    if file.pk is None and others.count() >= MOST_FILES:
        raise FilesTooMany(_("A message can have five files for each recipient."))
    file.full_clean()
    check_file(file)
    file.save()
    return file


@transaction.atomic
def remove_file(*, file: PersonalFile) -> None:
    """Remove a file from its message, with its archives. Runs send what they have collected.

    Raises FilesInUse.
    """
    hold(file.message_id)
    refuse_collected(file.message_id)
    entries = FileArchiveEntry.objects.filter(archive__file=file).exclude(sha256="")
    digests = set(entries.values_list("sha256", flat=True))
    digests |= set(file.archives.values_list("sha256", flat=True))
    file.delete()
    forget_later(digests)
