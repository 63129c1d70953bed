"""Tables in files, as blocks of rows that know their line numbers."""

from __future__ import annotations

import csv
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import methodcaller
from pathlib import Path
from typing import TextIO

from django.utils.translation import gettext as _

from apps.mailings.transfer.encoding import Survey, survey
from apps.mailings.transfer.reasons import Reason, Reject
from apps.mailings.transfer.refusals import SourceEmpty

#: Characters read at a time: some ten thousand rows.
BLOCK = 1 << 20
DELIMITERS = ",;\t"

#: A quoted field may span lines; one that is never closed must not swallow the rest of the file.
_LONGEST_RECORD = 1000
_SAMPLE_LINES = 50
_UNDECODED = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the table, column by column, and the rows that are not as wide as the header.

    ``lines[i]`` is the physical line at which row ``i`` begins, counted from 1. ``last`` is the
    last line of the stretch.
    """

    lines: Sequence[int]
    columns: Sequence[Sequence[str]]
    misfits: Sequence[Reject]
    first: int
    last: int

    def row(self, at: int) -> tuple[str, ...]:
        return tuple(column[at] for column in self.columns)


class Table(ABC):
    """A source of rows. A further file format is one more of these."""

    #: The names of the columns, as written in the source.
    header: tuple[str, ...]
    #: How the source was understood, for people.
    form: str
    #: A digest of the source's bytes.
    fingerprint: str
    #: What separates fields in a file of rejected rows that looks like the source.
    delimiter: str

    @abstractmethod
    def blocks(self) -> Iterator[Block]:
        """All rows below the header, from the top. Can be asked again and again."""


class DelimitedTable(Table):
    """CSV or TSV: the encoding and the delimiter are found out, quoted fields may hold both.

    Raises an ImportRefused when it is no table.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._survey: Survey = survey(path)
        self.fingerprint = self._survey.fingerprint
        with self._open() as file:
            sample = [line for line, _n in zip(file, range(_SAMPLE_LINES))]
        skipped, self.delimiter = _delimiter(sample)
        with self._open() as file:
            head = _Lines(file, file.readlines(BLOCK), 1)
            row = next(
                (
                    record
                    for record in head.records(self.delimiter, 0)
                    if record.line > skipped and any(name.strip() for name in record.fields)
                ),
                None,
            )
        if row is None:
            raise SourceEmpty(_("The file has no header row."))
        self.header = tuple(name.strip() for name in row.fields)
        self._body = row.line + row.height
        name = {",": ",", ";": ";", "\t": "TAB"}.get(self.delimiter, self.delimiter)
        self.form = f"{self._survey.encoding}, {name}"

    def blocks(self) -> Iterator[Block]:
        width = len(self.header)
        with self._open() as file:
            for _skipped in range(1, self._body):
                file.readline()
            first = self._body
            while lines := file.readlines(BLOCK):
                block = _plain(lines, first, width, self.delimiter)
                if block is None:
                    reader = _Lines(file, lines, first)
                    block = _judged(reader.records(self.delimiter, width), width, first, reader)
                yield block
                first = block.last + 1

    def _open(self) -> TextIO:
        return self._path.open(
            encoding=self._survey.encoding, errors=self._survey.errors, newline=""
        )


def _delimiter(sample: Sequence[str]) -> tuple[int, str]:
    """How many lines to pass over, and the delimiter that gives the evenest table."""
    lines = [line for line in sample if line.strip()]
    if lines and (told := re.fullmatch(r"\ufeff?sep=(.)\s*", lines[0], re.IGNORECASE)):
        return sample.index(lines[0]) + 1, told[1]  # Excel's own hint
    return 0, max(DELIMITERS, key=lambda delimiter: _evenness(lines, delimiter))


def _evenness(lines: Sequence[str], delimiter: str) -> tuple[float, int]:
    try:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return 0.0, 0
    if not widths or widths[0] < 2:
        return 0.0, 0
    return widths.count(widths[0]) / len(widths), widths[0]


def _plain(lines: list[str], first: int, width: int, delimiter: str) -> Block | None:
    """The block when it is as simple as most: no quotes, nothing broken, every row fits.

    Then it can be cut into columns at one stroke, several times as fast as row by row.
    """
    text = "".join(lines).replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
    if '"' in text or not _decoded(text) or text.count("\n") != len(lines) - 1:
        return None
    if set(map(methodcaller("count", delimiter), lines)) != {width - 1}:
        return None
    if f"\n{delimiter * (width - 1)}\n" in f"\n{text}\n":
        return None  # an empty row
    fields = text.replace("\n", delimiter).split(delimiter)
    last = first + len(lines) - 1
    columns = [fields[at::width] for at in range(width)]
    return Block(range(first, last + 1), columns, (), first, last)


def _decoded(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Record:
    line: int
    height: int
    fields: list[str]
    broken: bool = False


@dataclass(slots=True)
class _Lines:
    """Lines that a csv reader takes one by one, and that can be stepped back to.

    ``lines`` grows when the last record runs past its end.
    """

    file: TextIO
    lines: list[str]
    first: int
    at: int = 0
    start: int = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.at - self.start >= _LONGEST_RECORD:
            raise csv.Error("too many lines")
        if self.at == len(self.lines):
            line = self.file.readline()
            if not line:
                raise StopIteration
            self.lines.append(line)
        self.at += 1
        return self.lines[self.at - 1]

    def records(self, delimiter: str, width: int) -> Iterator[_Record]:
        """Every record. One whose quotes are broken costs its first line, not those it swallows.

        Lines are read twice at most: the next odd quotation mark ends what the last one began.
        """
        reader = csv.reader(self, delimiter=delimiter, strict=True)
        while self.at < len(self.lines):
            self.start = self.at
            try:
                row = next(reader, None)
            except csv.Error:
                row = None
            taken = self.lines[self.start : self.at]
            if row is not None and (
                len(taken) == 1 or len(row) == width or not _holds_rows(taken, delimiter, width)
            ):
                yield _Record(self.first + self.start, len(taken), row)
                continue
            self.at = self.start + 1
            reader = csv.reader(self, delimiter=delimiter, strict=True)
            yield _alone(taken[0], self.first + self.start, delimiter, broken=row is not None)


def _holds_rows(taken: Sequence[str], delimiter: str, width: int) -> bool:
    """True when a line inside a record of many lines is a whole row by itself."""
    return any(len(_loosely(line, delimiter)) == width for line in taken[1:])


def _loosely(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])
    except csv.Error:
        return []


def _alone(line: str, number: int, delimiter: str, *, broken: bool) -> _Record:
    """One line by itself: «"ООО "Ромашка""» is understood, a quote left open is not."""
    row = _loosely(line, delimiter)
    if broken or not row or line.count('"') % 2 == 1:
        return _Record(number, 1, line.rstrip("\r\n").split(delimiter), broken=True)
    return _Record(number, 1, row)


def _judged(records: Iterable[_Record], width: int, first: int, reader: _Lines) -> Block:
    lines: list[int] = []
    rows: list[list[str]] = []
    misfits: list[Reject] = []
    for record in records:
        row = record.fields
        if not record.broken and not any(row):
            continue
        if len(row) > width and not any(row[width:]):
            row = row[:width]  # spreadsheets leave empty cells behind at the end of a row
        if (reason := _misfit(record, row, width)) is None:
            lines.append(record.line)
            rows.append(row)
        else:
            misfits.append(Reject(record.line, reason, f"{len(row)} / {width}", tuple(row)))
    columns = list(zip(*rows, strict=True))
    return Block(lines, columns, misfits, first, first + len(reader.lines) - 1)


def _misfit(record: _Record, row: Sequence[str], width: int) -> Reason | None:
    if any(map(_UNDECODED.search, row)):
        return Reason.BAD_ENCODING
    if record.broken:
        return Reason.BROKEN_QUOTES
    if len(row) < width:
        return Reason.MISSING_COLUMN
    return Reason.EXTRA_COLUMN if len(row) > width else None
