"""What a conversion is asked for, and what it says of the file."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

from apps.mailings.importing.files.declared_encoding import declared

#: One sign more than the longest value that is taken anywhere: the check still sees the excess.
LONGEST_CELL: Final = 10_001
_MOST_BYTES: Final = 50 * 1024 * 1024


class CannotConvert(Exception):
    """The file cannot be converted; the argument is a code that the parent has words for."""


@dataclass(frozen=True, slots=True)
class Job:
    """``rows``: so many rows are enough (0: all). ``most_text``: signs that all cells may have."""

    kind: str
    source: str
    target: str
    megabytes: int
    seconds: int
    sheet: str = ""
    filtered: bool = False
    rows: int = 0
    most_text: int = 0

    @classmethod
    def read(cls, text: str) -> Job:
        return cls(**json.loads(text))


@dataclass(slots=True)
class Findings:
    """The sheet that was read, all sheets as name and whether it is hidden, what was left out."""

    sheet: str = ""
    sheets: list[tuple[str, bool]] = field(default_factory=list)
    hidden_rows: int = 0
    formulas: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def declared_text(job: Job, declaration: re.Pattern[bytes]) -> str:
    """The source as text, by its mark, by what it declares, or by its letters."""
    path = Path(job.source)
    if path.stat().st_size > _MOST_BYTES:
        raise CannotConvert("too_big")
    return declared(path.read_bytes(), declaration)


def text_of(cell: object) -> str:
    """A cell as people read it: 79120000000.0 is a phone number, not a fraction."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return " ".join(str(cell)[:LONGEST_CELL].split()) if cell is not None else ""


def write_rows(job: Job, rows: Iterable[list[str]]) -> None:
    """Write the rows as CSV, one line a row. Raises CannotConvert for too much text."""
    written = 0
    with Path(job.target).open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file)
        for number, row in enumerate(rows, 1):
            written += sum(map(len, row))
            if written > job.most_text:
                raise CannotConvert("too_big")
            writer.writerow(row)
            if number == job.rows:
                return
