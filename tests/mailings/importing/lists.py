"""A list as people bring it: 100 000 rows, of which exactly 37 are bad, at known lines."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook

ROWS = 100_000
KNOWN = [f"known{number}@example.org" for number in range(5)]

#: Line of the file, code of the reason, the line as it is written.
BAD: list[tuple[int, str, bytes]] = [
    *((1_000 + n * 777, "bad_email", f"nobody{n}.example.org;Иванов Иван;Омск".encode())
      for n in range(10)),
    *((20_001 + n, "duplicate_in_file", f"Person{n + 40}@Example.org;Дважды;Омск".encode())
      for n in range(8)),
    *((40_000 + n * 1_111, "duplicate_in_database", f"{address};Известный;Пермь".encode())
      for n, address in enumerate(KNOWN)),
    *((60_500 + n * 3, "bad_encoding", f"cp{n}@example.org;Борис;Пермь".encode("cp1251"))
      for n in range(2)),
    *((70_000 + n * 99, "missing_column", f"few{n}@example.org;Пётр".encode()) for n in range(6)),
    *((90_000 + n, "formula", f"=HYPERLINK(A{n});Петрова Анна;Омск".encode())
      for n in range(5)),
    (100_001, "bad_email", "последний@;Последний;Омск".encode()),
]  # fmt: skip


def write_list(path: Path) -> None:
    """The list, as CSV with semicolons, quotation marks here and there, CRLF."""
    bad = {line: content for line, _code, content in BAD}
    with path.open("wb") as file:
        file.write("E-mail;ФИО;Город\r\n".encode())
        for line in range(2, ROWS + 2):
            file.write(bad.get(line) or _good(line))
            file.write(b"\r\n")


def _good(line: int) -> bytes:
    city = '"Ростов; на-Дону"' if line % 50 == 0 else "Омск"
    return f"person{line}@example.org;Петрова Анна {line};{city}".encode()


def workbook(*rows: Sequence[object], **hidden_sheets: Sequence[Sequence[object]]) -> bytes:
    """An XLSX file with one visible sheet, behind hidden ones."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for name, content in hidden_sheets.items():
        hidden = book.create_sheet(name, 0)
        hidden.sheet_state = "hidden"
        for row in content:
            hidden.append(list(row))
    for row in rows:
        sheet.append(list(row))
    book.active = book.worksheets.index(sheet)
    return saved(book)


def saved(book: Workbook) -> bytes:
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()
