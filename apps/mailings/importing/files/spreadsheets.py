"""Sources of every kind as tables: what is no text is made into CSV, in a process of its own."""

from __future__ import annotations

import tempfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.files.limited_process import NoAnswer, ask
from apps.mailings.importing.errors import ImportRefused, NotATable, UnknownSheet
from apps.mailings.importing.files.formats import Format, format_of, unpacked
from apps.mailings.importing.files.read_options import ReadOptions
from apps.mailings.importing.files.readers import DelimitedTable
from apps.mailings.importing.files.spreadsheet_worker.job import Findings, Job

#: What the parts of a spreadsheet may unpack to, in bytes, and the letters in all its cells.
MAX_UNPACKED: Final = 500 * 1024 * 1024
MAX_TEXT: Final = 300 * 1024 * 1024
#: Memory for one conversion: the smallest container that the site is meant for has a gigabyte.
MAX_MEGABYTES: Final = 700
MAX_SECONDS: Final = 120
#: A preview needs the head alone, and somebody waits for it.
HEAD_SECONDS: Final = 30
HEAD_ROWS: Final = 200
#: One conversion at a time in a process: two together would be larger than the container.
_turn: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class OpenedTable:
    """A table, and what its file holds beside it. ``is_text``: it has a delimiter, an encoding."""

    table: DelimitedTable
    findings: Findings
    is_text: bool = True


@contextmanager
def opened(
    path: Path,
    options: ReadOptions = ReadOptions(),
    *,
    head_only: bool = False,
    most_bytes: int = MAX_UNPACKED,
) -> Iterator[OpenedTable]:
    """The file as a table that lives as long as the block.

    Raises an ImportRefused for what is broken, too big, too slow or no list.
    """
    kind = format_of(path)
    if kind is Format.TEXT:
        yield OpenedTable(DelimitedTable(path, options, head_only=head_only), Findings())
        return
    with tempfile.TemporaryDirectory(prefix="vestnik-sheet-") as directory:
        if kind in (Format.GZIP, Format.ZIP):
            inner = Path(directory) / "unpacked"
            unpacked(path, kind, inner, most_bytes)
            path, kind = inner, format_of(inner)
        if kind is Format.TEXT:
            yield OpenedTable(DelimitedTable(path, options, head_only=head_only), Findings())
            return
        if kind in (Format.GZIP, Format.ZIP):
            raise NotATable(_("There is an archive in the archive: unpack it first."))
        target = Path(directory) / "table.csv"
        findings = _convert(path, target, kind, options, head_only=head_only)
        yield OpenedTable(_converted(target, kind, options, findings), findings, is_text=False)


def _converted(
    target: Path, kind: Format, options: ReadOptions, findings: Findings
) -> DelimitedTable:
    options = replace(options, delimiter=",", encoding="utf-8")
    if kind is Format.VCARD:
        options = replace(options, header_row=1)
    table = DelimitedTable(target, options)
    table.form = _form(kind, options, findings)
    return table


def _form(kind: Format, options: ReadOptions, findings: Findings) -> str:
    """What was read, for people: the sheet, and what was left out of it."""
    if kind is not Format.WORKBOOK:
        return _("vCard") if kind is Format.VCARD else _("a table of an HTML page")
    parts = [_("sheet “%(name)s”") % {"name": findings.sheet}]
    hidden, count = findings.hidden_rows, findings.formulas
    if hidden and not options.filtered:
        text = ngettext("%(count)d hidden row left out", "%(count)d hidden rows left out", hidden)
        parts.append(text % {"count": hidden})
    if count:
        text = ngettext(
            "%(count)d formula without a kept result: open the file in a spreadsheet program"
            " and save it again",
            "%(count)d formulas without a kept result: open the file in a spreadsheet program"
            " and save it again",
            count,
        )
        parts.append(text % {"count": count})
    return ", ".join(parts)


def _convert(
    path: Path, target: Path, kind: Format, options: ReadOptions, *, head_only: bool
) -> Findings:
    if kind is Format.WORKBOOK:
        _check_size(path)
    seconds = HEAD_SECONDS if head_only else MAX_SECONDS
    job = Job(
        kind=str(kind),
        source=str(path.resolve()),
        target=str(target.resolve()),
        megabytes=MAX_MEGABYTES,
        seconds=seconds,
        sheet=options.sheet,
        filtered=options.filtered,
        rows=HEAD_ROWS if head_only else 0,
        most_text=MAX_TEXT,
    )
    try:
        with _turn:
            found = ask("apps.mailings.importing.files.spreadsheet_worker", job, seconds=seconds)
    except NoAnswer as end:
        if not end.status:
            text = _("The file takes too long to read: save it as CSV.")
            raise NotATable(text) from end
        raise NotATable(_("The file cannot be read: save it as CSV.")) from None
    if error := found.get("error"):
        raise _refusal(error)
    return Findings(**found)


def _refusal(error: str) -> ImportRefused:
    labels = {
        "password": _("The file is protected by a password. Save it without one."),
        "no_sheet": _("There is no sheet in the file."),
        "no_table": _("There is no table in the file."),
        "too_big": _("The file is too big: save it as CSV."),
        "hidden_unknown": _(
            "The hidden rows of this file can't be recognised. Save it as XLSX, or the visible"
            " rows as CSV."
        ),
    }
    if error == "unknown_sheet":
        return UnknownSheet(_("There is no sheet of this name in the file."))
    return NotATable(labels.get(error, _("The file cannot be read: save it as CSV.")))


def _check_size(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked_size = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise NotATable(_("The spreadsheet is broken.")) from error
    if unpacked_size > MAX_UNPACKED:
        raise NotATable(_("The spreadsheet is too big: save it as CSV."))
