"""Tables that people take away: CSV and XLSX, made while they are read, safe to open."""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import IO, Final, Literal

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import content_disposition_header
from openpyxl import Workbook

from apps.core.formulas import guarded

Cell = str | int | float | datetime | None
Form = Literal["csv", "xlsx"]

FORMS: Final[tuple[Form, ...]] = ("csv", "xlsx")
#: What XML 1.0 cannot hold, and so no workbook can.
_UNSTORABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: What one sheet of an XLSX file can hold.
_XLSX_ROWS: Final = 1_048_576


def neutral(cell: Cell, *, whole: bool = False) -> str | int | float:
    """The cell as it may stand in a file that a spreadsheet opens: never a formula."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return timezone.localtime(cell).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(cell, str):
        return guarded(cell, whole=whole)
    return cell


def table_response(
    *, form: Form, name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> HttpResponseBase:
    """The table as a download called ``name`` (without its ending). ``rows`` is read once.

    CSV leaves row by row, in UTF-8 with a BOM so that spreadsheets read it right. XLSX is written
    row by row to a temporary file, for its format has no other way, and sent from there; a second
    sheet begins where the first one is full.
    """
    if form == "xlsx":
        file = tempfile.NamedTemporaryFile(suffix=".xlsx")
        write_table(file, form=form, header=header, rows=rows)
        file.seek(0)
        return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=_XLSX)
    response = StreamingHttpResponse(
        csv_lines(header, rows), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.csv")
    return response


class _Line:
    """Gives back what the writer of csv writes."""

    def write(self, line: str) -> str:
        return line


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The lines of the CSV file, its BOM first."""
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow([neutral(cell) for cell in header])
    for row in rows:
        yield writer.writerow([neutral(cell) for cell in row])


def write_table(
    file: IO[bytes], *, form: Form, header: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> None:
    """The table into an open file. ``rows`` is read once; only one row is held at a time."""
    if form == "xlsx":
        _workbook(header, rows).save(file)
        return
    for line in csv_lines(header, rows):
        file.write(line.encode("utf-8"))


def _storable(cell: str | int | float) -> str | int | float:
    return _UNSTORABLE.sub("\ufffd", cell) if isinstance(cell, str) else cell


def _workbook(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Workbook:
    book = Workbook(write_only=True)
    sheet, filled = None, _XLSX_ROWS
    for row in rows:
        if filled >= _XLSX_ROWS:
            sheet, filled = book.create_sheet(), 1
            sheet.append([neutral(cell, whole=True) for cell in header])
        assert sheet is not None
        sheet.append([_storable(neutral(cell, whole=True)) for cell in row])
        filled += 1
    if sheet is None:
        book.create_sheet().append([neutral(cell, whole=True) for cell in header])
    return book
