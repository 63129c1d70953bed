"""Tables that people take away: CSV and XLSX, made while they are read, safe to open."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Final, Literal

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.formats import get_format
from django.utils.http import content_disposition_header

from apps.core.audit.acts import Act
from apps.core.audit.log import Object, record
from apps.core.exports.formulas import guarded
from apps.core.exports.xlsx import xlsx_chunks

Cell = str | int | float | datetime | None
#: What a row has in a column of an export.
Column = Callable[[Any], Cell]
Form = Literal["csv", "xlsx"]

FORMS: Final[tuple[Form, ...]] = ("csv", "xlsx")


def form_named(word: str) -> Form | None:
    """The form of this name; None if it is of none."""
    return next((form for form in FORMS if form == word), None)


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a CSV file puts between its cells, and into its numbers."""

    delimiter: str = ","
    decimal: str = "."


#: For programs, which have no language.
PLAIN: Final = Dialect()
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def dialect_of_language() -> Dialect:
    """What a spreadsheet program in the reader's language opens without asking.

    Where a comma begins the decimals, Excel takes a semicolon for the end of a cell.
    """
    comma = get_format("DECIMAL_SEPARATOR") == ","
    return Dialect(";", ",") if comma else PLAIN


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
    *,
    form: Form,
    name: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    asked: str | None = "",
) -> HttpResponseBase:
    """The table as a download called ``name`` (without its ending). ``rows`` is read once.

    The audit log says who took it, and what it was ``asked`` for; None: it holds nobody's data.
    Both leave row by row: CSV in UTF-8 with a BOM and in the dialect of the reader's language, so
    that spreadsheets read it right.
    """
    if asked is not None:
        details = {"form": form, "asked": asked} if asked else {"form": form}
        record(Act.EXPORTED, Object(name=name), details=details)
    kind = _XLSX if form == "xlsx" else "text/csv; charset=utf-8"
    chunks = table_chunks(form=form, header=header, rows=rows, dialect=dialect_of_language())
    response = StreamingHttpResponse(chunks, content_type=kind)
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.{form}")
    return response


def cells_of(
    rows: QuerySet[Any], columns: Mapping[str, Column], *, chunk_size: int = 2000
) -> Iterator[list[Cell]]:
    """The rows of an export, oldest first, read a chunk at a time."""
    for row in rows.order_by("pk").iterator(chunk_size=chunk_size):
        yield [column(row) for column in columns.values()]


def table_chunks(
    *,
    form: Form,
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    dialect: Dialect = PLAIN,
) -> Iterator[bytes]:
    """The bytes of the table's file, as the rows come. ``rows`` is read once."""
    if form == "xlsx":
        yield from xlsx_chunks(_neutral(header), map(_neutral, rows))
        return
    for line in csv_lines(header, rows, dialect):
        yield line.encode("utf-8")


def _neutral(row: Sequence[Cell]) -> list[str | int | float]:
    return [neutral(cell, whole=True) for cell in row]


class _Line:
    """Gives back what the writer of csv writes."""

    def write(self, line: str) -> str:
        return line


def csv_lines(
    header: Sequence[str], rows: Iterable[Sequence[Cell]], dialect: Dialect = PLAIN
) -> Iterator[str]:
    """The lines of the CSV file, its BOM first."""
    writer = csv.writer(_Line(), delimiter=dialect.delimiter)
    yield "\ufeff" + writer.writerow([neutral(cell) for cell in header])
    for row in rows:
        yield writer.writerow([_in_csv(cell, dialect) for cell in row])


def _in_csv(cell: Cell, dialect: Dialect) -> str | int | float:
    if isinstance(cell, float):
        return repr(cell).replace(".", dialect.decimal)
    return neutral(cell)


def write_table(
    file: IO[bytes], *, form: Form, header: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> None:
    """The table into an open file. ``rows`` is read once; only a few rows are held at a time."""
    for chunk in table_chunks(form=form, header=header, rows=rows):
        file.write(chunk)
