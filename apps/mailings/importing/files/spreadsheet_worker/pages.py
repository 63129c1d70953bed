"""HTML that is called a spreadsheet: the table with the most rows."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

from apps.mailings.importing.files.declared_encoding import CHARSET
from apps.mailings.importing.files.spreadsheet_worker.job import (
    CannotConvert,
    Findings,
    Job,
    declared_text,
    text_of,
    write_rows,
)

_MOST_CELLS_IN_A_ROW: Final = 1000


def convert(job: Job) -> Findings:
    """Write the largest table of the page."""
    parser = _Tables()
    parser.feed(declared_text(job, CHARSET))
    parser.close()
    table = max(parser.tables, key=len, default=[])
    if not table:
        raise CannotConvert("no_table")
    write_rows(job, table)
    return Findings()


class _Tables(HTMLParser):
    """Collects the rows of every table; a table inside a cell is a table of its own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[str]]] = []
        self._open: list[list[list[str]]] = []
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._end_cell()
            self.tables.append([])
            self._open.append(self.tables[-1])
        elif tag == "tr" and self._open:
            self._end_cell()
            self._open[-1].append([])
        elif tag in ("td", "th") and self._open:
            self._end_cell()
            self._cell = []
            self._span = _span(dict(attrs).get("colspan"))
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._end_cell()
        if tag == "table" and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _end_cell(self) -> None:
        if self._cell is None or not self._open:
            return
        rows = self._open[-1]
        if not rows:
            rows.append([])
        rows[-1] += [text_of("".join(self._cell)), *[""] * (self._span - 1)]
        self._cell = None


def _span(value: str | None) -> int:
    return min(int(value), _MOST_CELLS_IN_A_ROW) if value and value.isdigit() else 1
