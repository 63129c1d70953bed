"""What the commands that export a table share: where it goes, and in which format."""

from __future__ import annotations

import os
import sys
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.audit.acts import Act
from apps.core.audit.log import Object, record
from apps.core.errors import Refused
from apps.core.exports.broken_pipe import until_nobody_reads
from apps.core.exports.tables import FORMS, Cell, Form, write_table
from apps.core.text.formatting import refusal_text

REFUSED = 2


class ExportUnwritable(Refused):
    """The file for an export cannot be written, or its name has no known format."""

    code = "export_unwritable"


class TableCommand(BaseCommand):
    """Writes ``table()`` to a file or to standard output. Exit: 0; 2 refused, with the reason."""

    # The pages are no business of a command: checking them would load them all first.
    requires_system_checks = [Tags.models]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--out", default="-", metavar="FILE", help=".csv or .xlsx; - is CSV to standard output"
        )
        parser.add_argument("--form", choices=FORMS, help="when the file's name does not say")

    @abstractmethod
    def table(self, options: dict[str, Any]) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        """The header and the rows that the options ask for. Raises Refused."""

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            form = _form(options["out"], options["form"])
            header, rows = self.table(options)
            counted = _Counted(rows)
            self._write(options["out"], form, header, counted)
            about = Object(name=type(self).__module__.rpartition(".")[2])
            record(Act.EXPORTED, about, details={"form": form}, count=counted.count)
        except Refused as refusal:
            self.stderr.write(f"{refusal_text(refusal)} [{refusal.code}]")
            sys.exit(REFUSED)
        text = ngettext("%(count)d row", "%(count)d rows", counted.count)
        self.stderr.write(text % {"count": counted.count}, self.style.SUCCESS)

    def _write(
        self, out: str, form: Form, header: Sequence[str], rows: Iterable[Sequence[Cell]]
    ) -> None:
        if out == "-":
            with until_nobody_reads():
                write_table(sys.stdout.buffer, form=form, header=header, rows=rows)
                sys.stdout.buffer.flush()
            return
        # Under another name until it is whole: nobody takes a half for the table.
        path = Path(out)
        half = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with half.open("wb") as file:
                write_table(file, form=form, header=header, rows=rows)
            half.replace(path)
        except OSError as error:
            text = _("%(path)s cannot be written: %(error)s") % {"path": out, "error": error}
            raise ExportUnwritable(text) from error
        finally:
            half.unlink(missing_ok=True)


class _Counted:
    """Rows, and how many there were."""

    def __init__(self, rows: Iterable[Sequence[Cell]]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Sequence[Cell]]:
        for row in self._rows:
            self.count += 1
            yield row


def _form(out: str, chosen: Form | None) -> Form:
    if chosen is not None:
        return chosen
    if out == "-":
        return "csv"
    ending = Path(out).suffix.lower().lstrip(".")
    for form in FORMS:
        if form == ending:
            return form
    text = _("Name a file that ends in .csv or .xlsx, or say --form.")
    raise ExportUnwritable(text)
