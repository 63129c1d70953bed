"""How the text of a table is laid out: what separates its fields, and where its header is."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from apps.mailings.fields import Target
from apps.mailings.importing.columns import ADDRESSES, MOST_COLUMNS, guess
from apps.mailings.importing.errors import ImportRefused
from apps.mailings.importing.files.read_options import DELIMITERS

_HINT: Final = re.compile(r"\ufeff?\"?sep=(\\t|[^\"\r\n])\"?\s*", re.IGNORECASE)
_SIGN: Final = r"[^\s@<>;,|\"()]"
_EMAIL: Final = re.compile(
    rf"\s*['<]?{_SIGN}{{1,64}}@{_SIGN}{{1,250}}\.(?:(?!\.){_SIGN}){{2,63}}>?\s*"
)
_PHONE: Final = re.compile(r"[\s'+(]*[0-9](?:[\s().-]*[0-9]){9,14}\s*")
#: No header stands deeper than this.
_HEAD_ROWS: Final = 40
_TITLES: Final = 10


@dataclass(frozen=True, slots=True)
class Header:
    """The names of the columns, the line that they stand in (0: none), and the first one behind."""

    names: tuple[str, ...]
    line: int
    body: int


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the head of a source: its line, how many lines it takes, its fields."""

    line: int
    height: int
    fields: Sequence[str]

    @property
    def is_blank(self) -> bool:
        return not any(map(str.strip, self.fields))


def address_in(value: str) -> Target | None:
    """Which kind of address a value looks like."""
    if _EMAIL.fullmatch(value):
        return Target.EMAIL
    return Target.PHONE if _PHONE.fullmatch(value) else None


def delimiter_of(sample: Sequence[str]) -> tuple[int, str]:
    """How many lines to pass over, and the delimiter.

    A delimiter that makes a column of addresses beats one that makes none; then the evener table
    wins. What stands inside quotation marks does not count.
    """
    lines = [line for line in sample if line.strip()]
    if lines and (hint := _HINT.fullmatch(lines[0])):
        return sample.index(lines[0]) + 1, "\t" if hint[1] == "\\t" else hint[1]
    return 0, max(DELIMITERS, key=lambda delimiter: _fitness(lines, delimiter))


def _fitness(lines: Sequence[str], delimiter: str) -> tuple[float, bool, float, int]:
    try:
        reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
        rows = [row for row in reader if row]
    except csv.Error:
        return 0.0, False, 0.0, 0
    width, times = usual_width([len(row) for row in rows])
    if width < 2:
        return 0.0, False, 0.0, 0
    holding = sum(any(map(address_in, row[:MOST_COLUMNS])) for row in rows)
    named = not holding and any(map(_is_a_header, rows[:_TITLES]))
    return round(holding / len(rows), 1), named, times / len(rows), width


def _is_a_header(row: Sequence[str]) -> bool:
    """True when a column is called an address, by a name that is not cut at the wrong places."""
    some = row[: MOST_COLUMNS + 1]
    whole = [name for name in some if not any(delimiter in name for delimiter in DELIMITERS)]
    return _names_an_address(whole)


def usual_width(widths: Sequence[int]) -> tuple[int, int]:
    """The width that most rows have, the larger one of two, and how often it occurs."""
    if not widths:
        return 0, 0
    width, times = max(Counter(widths).items(), key=lambda found: (found[1], found[0]))
    return width, times


def _names_an_address(names: Sequence[str]) -> bool:
    try:
        fields = guess([name.strip() for name in names[: MOST_COLUMNS + 1]], {}).fields
    except ImportRefused:
        return False
    return any(target in fields for target in ADDRESSES)


def header_of(rows: Sequence[Row], chosen: int | None) -> Header | None:
    """Where the header is, among the first rows; None when there is no row at all.

    Programs write titles above it. The first row that names an address is it; else the fullest of
    those before the first row that holds an address; when that is the first, there is no header.
    """
    filled = [row for row in rows if not row.is_blank]
    if chosen == 0:
        return _invented(filled)
    if chosen is not None:
        filled = [row for row in filled if row.line + row.height > chosen]
        return _named(filled[0]) if filled else None
    return _guessed(filled) if filled else None


def _guessed(filled: Sequence[Row]) -> Header | None:
    first_data = next(
        (at for at, row in enumerate(filled) if any(map(address_in, row.fields[:MOST_COLUMNS]))),
        len(filled),
    )
    widest = 0
    for row in filled[: min(first_data, _HEAD_ROWS)]:
        # A title fills fewer cells than the header below it.
        if _filled(row) > widest and _names_an_address(row.fields):
            return _named(row)
        widest = max(widest, _filled(row))
    if first_data == len(filled):
        return _named(filled[0])
    # Titles fill fewer cells than the header below them.
    before = max(filled[:first_data], key=_filled, default=None)
    if before is None or _is_title(before, filled[first_data]):
        return _invented(filled[first_data:])
    return _named(before)


def _is_title(row: Row, data: Row) -> bool:
    """True for a row with a single cell above rows with several."""
    return _filled(row) == 1 < _filled(data)


def _filled(row: Row) -> int:
    return sum(map(bool, row.fields))


def _named(row: Row) -> Header:
    return Header(tuple(name.strip() for name in row.fields), row.line, row.line + row.height)


def _invented(rows: Sequence[Row]) -> Header | None:
    """Names for the columns of a table without a header: what they hold, or their number."""
    if not rows:
        return None
    width, _times = usual_width([len(row.fields) for row in rows])
    names: list[str] = []
    for at in range(width):
        kinds = [address_in(row.fields[at]) for row in rows if at < len(row.fields)]
        kind = Counter(filter(None, kinds)).most_common(1)
        name = str(kind[0][0]) if kind else ""
        names.append(name if name and name not in names else f"column_{at + 1}")
    return Header(tuple(names), 0, rows[0].line)
