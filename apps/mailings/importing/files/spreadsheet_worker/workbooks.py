"""XLSX, XLS, XLSB and ODS: which sheet is the list, and its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from python_calamine import CalamineSheet, CalamineWorkbook, PasswordError
from python_calamine import SheetTypeEnum as Type
from python_calamine import SheetVisibleEnum as Visible

from apps.mailings.importing.files.spreadsheet_worker.job import (
    CannotConvert,
    Findings,
    Job,
    text_of,
    write_rows,
)
from apps.mailings.importing.files.spreadsheet_worker.markup import Marks, marks_of

#: As readers.NO_VALUE.
NO_VALUE: Final = "\x1aformula"
_HEAD: Final = 60
_ADDRESS: Final = re.compile(r"\S@\S+\.\S|^\W*[0-9](?:[\s().-]*[0-9]){9,14}\W*$")


def convert(job: Job) -> Findings:
    """Write the sheet that was asked for, or the first one that a person sees and that has people.

    Rows that are hidden become empty lines, so that lines keep the numbers of the sheet's rows.
    """
    try:
        book = CalamineWorkbook.from_path(job.source)
    except PasswordError:
        raise CannotConvert("password") from None
    sheet, found = _choose(book, job.sheet)
    marks = marks_of(job.source, sheet.name, book.sheet_names.index(sheet.name))
    hidden = frozenset() if job.filtered else marks.hidden
    height = max([sheet.end[0] + 1 if sheet.end else 0, *(row for row, _column in marks.formulas)])
    found.hidden_rows = sum(row <= height for row in marks.hidden)
    found.formulas = len(marks.formulas)
    write_rows(job, ([] if row in hidden else cells for row, cells in _rows(sheet, marks)))
    return found


def _choose(book: CalamineWorkbook, wanted: str) -> tuple[CalamineSheet, Findings]:
    all_sheets = [meta for meta in book.sheets_metadata if meta.typ == Type.WorkSheet]
    names = [(meta.name, meta.visible != Visible.Visible) for meta in all_sheets]
    if not names:
        raise CannotConvert("no_sheet")
    if wanted:
        if wanted not in dict(names):
            raise CannotConvert("unknown_sheet")
        return book.get_sheet_by_name(wanted), Findings(wanted, names)
    seen = [name for name, hidden in names if not hidden] or [names[0][0]]
    sheets = (book.get_sheet_by_name(name) for name in seen)
    sheet = next(filter(_has_people, sheets), None) or _first_filled(book, seen)
    return sheet, Findings(sheet.name, names)


def _first_filled(book: CalamineWorkbook, names: list[str]) -> CalamineSheet:
    sheets = map(book.get_sheet_by_name, names)
    return next((one for one in sheets if one.height), None) or book.get_sheet_by_name(names[0])


def _has_people(sheet: CalamineSheet) -> bool:
    """True when an address stands in one of the first rows: a cover sheet has none."""
    head = islice(_filled(sheet), _HEAD)
    return any(_ADDRESS.search(text_of(cell)) for row in head for cell in row)


def _filled(sheet: CalamineSheet) -> Iterator[list[Any]]:
    return (row for row in sheet.iter_rows() if any(cell != "" for cell in row))


def _rows(sheet: CalamineSheet, marks: Marks) -> Iterator[tuple[int, list[str]]]:
    """The number of every row and its cells; formulas without a kept value are marked."""
    left = sheet.start[1] if sheet.start else 0
    missing: dict[int, list[int]] = {}
    for row, column in marks.formulas:
        missing.setdefault(row, []).append(column - left)
    number = 0
    for number, values in enumerate(sheet.iter_rows() if sheet.height else (), 1):
        cells = list(map(text_of, values))
        yield number, _marked(cells, missing[number]) if number in missing else cells
    for number in range(number + 1, max(missing, default=0) + 1):
        yield number, _marked([], missing.get(number, []))


def _marked(cells: list[str], columns: list[int]) -> list[str]:
    columns = [column for column in columns if column >= 0]
    cells += [""] * (max(columns, default=-1) + 1 - len(cells))
    for column in columns:
        cells[column] = cells[column] or NO_VALUE
    return cells
