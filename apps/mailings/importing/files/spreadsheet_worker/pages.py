"""HTML that is called a spreadsheet: the table with the most rows."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from apps.mailings.importing.files.languages import eight_bit_encoding
from apps.mailings.importing.files.spreadsheet_worker.job import (
    CannotConvert,
    Findings,
    Job,
    text_of,
    write_rows,
)

_CHARSET: Final = re.compile(rb"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_MOST_BYTES: Final = 50 * 1024 * 1024
_SAMPLE: Final = 1 << 15
_MOST_CELLS_IN_A_ROW: Final = 1000


def convert(job: Job) -> Findings:
    """Write the largest table of the page."""
    parser = _Tables()
    parser.feed(decoded(Path(job.source), _CHARSET))
    parser.close()
    table = max(parser.tables, key=len, default=[])
    if not table:
        raise CannotConvert("no_table")
    write_rows(job, table)
    return Findings()


def decoded(path: Path, declaration: re.Pattern[bytes]) -> str:
    """The text of the file, by its mark, by what it declares, or by its letters."""
    if path.stat().st_size > _MOST_BYTES:
        raise CannotConvert("too_big")
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    declared = declaration.search(content[:4096])
    encodings = ["utf-8-sig", declared[1].decode() if declared else "utf-8"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode(eight_bit_encoding(content[:_SAMPLE]), "replace")


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
