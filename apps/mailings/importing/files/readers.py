"""Tables in files, as blocks of rows that know their line numbers."""

from __future__ import annotations

import csv
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import methodcaller
from pathlib import Path
from typing import Final, TextIO

from django.utils.translation import gettext as _

from apps.mailings.importing.errors import SourceEmpty
from apps.mailings.importing.files.encoding import Survey, survey
from apps.mailings.importing.files.layout import (
    Header,
    Row,
    address_in,
    delimiter_of,
    header_of,
    usual_width,
)
from apps.mailings.importing.files.read_options import ReadOptions, delimiter_word
from apps.mailings.importing.reject_reasons import Reason, Reject

#: Characters read at a time: some ten thousand rows.
BLOCK = 1 << 20
#: Characters of the head that are looked at for its layout and a preview.
_HEAD = 1 << 17
#: Stands for the value of a formula that its program did not keep.
NO_VALUE: Final = "\x1aformula"

#: A quoted field may span lines; one that is never closed must not swallow the rest of the file.
_LONGEST_RECORD = 1000
_SAMPLE_LINES = 60
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
    """CSV or TSV: what ``options`` do not say of its layout is found out.

    ``head_only`` reads the first megabyte, for a preview. Raises an ImportRefused when it is no
    table.
    """

    def __init__(
        self, path: Path, options: ReadOptions = ReadOptions(), *, head_only: bool = False
    ) -> None:
        self._path = path
        self._survey: Survey = survey(path, options.encoding, head_only=head_only)
        self.fingerprint = self._survey.fingerprint
        with self._open() as file:
            skipped, self.delimiter = delimiter_of(file.readlines(BLOCK)[:_SAMPLE_LINES])
        self.delimiter = options.delimiter or self.delimiter
        rows = self._first_rows(skipped)
        header = header_of(rows, options.header_row)
        if header is None or not any(header.names):
            raise SourceEmpty(_("The file has no header row."))
        self.header, self.header_row, self._body = header.names, header.line, header.body
        self._least = _least_width(header, rows)
        self.encoding = self._survey.encoding
        self.form = f"{self.encoding}, {delimiter_word(self.delimiter)}"

    def blocks(self) -> Iterator[Block]:
        widths = (self._least, len(self.header))
        with self._open() as file:
            for _skipped in range(1, self._body):
                file.readline()
            first, rest = self._body, list[str]()
            while lines := rest + file.readlines(BLOCK):
                block, rest = _plain(lines, first, widths[1], self.delimiter), []
                if block is None:
                    reader = _Lines(file, lines, first)
                    block = _judged(reader.records(self.delimiter, widths[1]), widths, reader)
                    rest = reader.rest
                yield block
                first = block.last + 1

    def head(self, rows: int) -> list[tuple[str, ...]]:
        """The first rows that fit."""
        widths = (self._least, len(self.header))
        with self._open() as file:
            for _skipped in range(1, self._body):
                file.readline()
            reader = _Lines(file, file.readlines(_HEAD), self._body)
            records = islice(reader.records(self.delimiter, widths[1]), max(rows, _SAMPLE_LINES))
            block = _judged(records, widths, reader)
        return [block.row(at) for at in range(min(rows, len(block.lines)))]

    def _first_rows(self, skipped: int) -> list[Row]:
        with self._open() as file:
            head = _Lines(file, file.readlines(_HEAD), 1)
            records = islice(head.records(self.delimiter, 0), _SAMPLE_LINES + skipped)
            return [
                Row(record.line, record.height, record.fields)
                for record in records
                if record.line > skipped
            ]

    def _open(self) -> TextIO:
        return self._path.open(
            encoding=self._survey.encoding, errors=self._survey.errors, newline=""
        )


def _least_width(header: Header, rows: Sequence[Row]) -> int:
    """How short a row may be: some programs leave out the empty fields at the end of every row."""
    named = max((at for at, name in enumerate(header.names, 1) if name), default=1)
    usual, _times = usual_width([len(r.fields) for r in rows if r.line >= header.body])
    return min(named, usual or named)


def _plain(lines: list[str], first: int, width: int, delimiter: str) -> Block | None:
    """The block when it is as simple as most: no quotes, nothing broken, every row fits.

    Then it can be cut into columns at one stroke, several times as fast as row by row.
    """
    text = "".join(lines).replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
    if '"' in text or NO_VALUE in text or not _decoded(text):
        return None
    if text.count("\n") != len(lines) - 1:
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

    ``lines`` grows when the last record runs past its end. When that record turns out to be broken,
    what was read beyond it is left as ``rest``: else a file of open quotes would be one block.
    """

    file: TextIO
    lines: list[str]
    first: int
    at: int = 0
    start: int = 0
    end: int = field(init=False)

    def __post_init__(self) -> None:
        self.end = len(self.lines)

    @property
    def rest(self) -> list[str]:
        return self.lines[self.at :]

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
        reader = _strict(self, delimiter)
        while self.at < self.end:
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
            reader = _strict(self, delimiter)
            number = self.first + self.start
            yield _escaped(taken[0], number, delimiter, width) or _alone(
                taken[0], number, delimiter, broken=row is not None
            )


def _strict(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    # Some programs write a blank before a quoted field.
    return csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=delimiter != " ")


def _holds_rows(taken: Sequence[str], delimiter: str, width: int) -> bool:
    """True when a line inside a record of many lines is a whole row alone."""
    return any(len(_loosely(line, delimiter)) == width for line in taken[1:])


def _loosely(line: str, delimiter: str, escape: str | None = None) -> list[str]:
    line = line.rstrip("\r\n")
    reader = csv.reader([line], delimiter=delimiter, skipinitialspace=True, escapechar=escape)
    try:
        return next(reader, [])
    except csv.Error:
        return []


def _escaped(line: str, number: int, delimiter: str, width: int) -> _Record | None:
    """The line, when its quotation marks are written as databases do: «"ООО \\"Ромашка\\""»."""
    if '\\"' not in line:
        return None
    row = _loosely(line, delimiter, "\\")
    return _Record(number, 1, row) if len(row) == width else None


def _alone(line: str, number: int, delimiter: str, *, broken: bool) -> _Record:
    """One line alone: «"ООО "Ромашка""» is understood, a quote left open is not."""
    row = _loosely(line, delimiter)
    if broken or not row or line.count('"') % 2 == 1:
        return _Record(number, 1, line.rstrip("\r\n").split(delimiter), broken=True)
    return _Record(number, 1, row)


def _judged(records: Iterable[_Record], widths: tuple[int, int], reader: _Lines) -> Block:
    """The rows that fit, and the misfits. ``widths``: the least that will do, and the header's."""
    least, width = widths
    lines: list[int] = []
    rows: list[list[str]] = []
    misfits: list[Reject] = []
    for record in records:
        row = record.fields
        if not record.broken and not any(row):
            continue
        if len(row) > width and not any(row[width:]):
            row = row[:width]  # spreadsheets leave empty cells behind at the end of a row
        if (reason := _misfit(record, row, widths)) is None:
            lines.append(record.line)
            row += [""] * (width - len(row))
            rows.append(["" if field == NO_VALUE else field for field in row])
        else:
            misfits.append(Reject(record.line, reason, f"{len(row)} / {width}", tuple(row)))
    columns = list(zip(*rows, strict=True))
    return Block(lines, columns, misfits, reader.first, reader.first + reader.at - 1)


def _misfit(record: _Record, row: Sequence[str], widths: tuple[int, int]) -> Reason | None:
    if any(map(_UNDECODED.search, row)):
        return Reason.BAD_ENCODING
    if record.broken:
        return Reason.BROKEN_QUOTES
    if NO_VALUE in row and not any(map(address_in, row)):
        return Reason.FORMULA_WITHOUT_VALUE
    if len(row) < widths[0]:
        return Reason.MISSING_COLUMN
    return Reason.EXTRA_COLUMN if len(row) > widths[1] else None
