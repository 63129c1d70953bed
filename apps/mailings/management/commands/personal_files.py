"""``manage.py personal_files``: a message's files for each recipient, from this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.mailings.models import PersonalFile
from apps.mailings.services.personal_files.archives import take_folder

SOME_BAD, REFUSED = 1, 2
_NAMED: Final = 20


class FileUnknown(Refused):
    """There is no such file of this message, or it has several and none was named."""

    code = "file_unknown"


class Command(BaseCommand):
    help = (
        "Puts a ZIP, or all files of a folder, in the place of a message's files for each "
        "recipient. Exit: 0 done; 1 some files cannot be sent; 2 refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("message", type=int, metavar="MESSAGE", help="the message's id")
        parser.add_argument("source", type=Path, metavar="SOURCE", help="a .zip file or a folder")
        parser.add_argument("--file", type=int, metavar="ID", help="which of its files")
        parser.add_argument("--add", action="store_true", help="beside those that are there")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            file = _file(options["message"], options["file"])
            archive = take_folder(file=file, source=options["source"], add=options["add"])
        except Refused as refusal:
            raise CommandError(f"{refusal} [{refusal.code}]", returncode=REFUSED) from refusal
        bad = list(archive.entries.exclude(code="").order_by("name"))
        figures = {"count": archive.entries.count(), "bad": len(bad)}
        self.stdout.write(_("%(count)d files taken; %(bad)d of them cannot be sent.") % figures)
        for entry in bad[:_NAMED]:
            self.stdout.write(f"{entry.name} [{entry.code}]")
        if bad:
            raise SystemExit(SOME_BAD)


def _file(message_id: int, file_id: int | None) -> PersonalFile:
    rows = PersonalFile.objects.filter(message_id=message_id, source=PersonalFile.Source.ARCHIVE)
    found: list[PersonalFile] = list(rows.filter(pk=file_id) if file_id is not None else rows[:2])
    if len(found) != 1:
        raise FileUnknown(_("Name one of the message's files that come from an archive (--file)."))
    return found[0]
