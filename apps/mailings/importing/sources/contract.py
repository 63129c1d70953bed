"""What a source is to an import: a table that is read once, within bounds, into a file."""

from __future__ import annotations

import csv
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, TextIO

from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.mailings.importing.errors import TooManyRows
from apps.mailings.importing.files.read_options import ReadOptions

#: Seconds for a whole pull.
PULL_SECONDS: Final = 60.0


class SourceRefused(Refused):
    """A source gives nothing: there is none of this name, or it cannot be read. 409.

    The words name the reason, and never an address, a query or a secret.
    """

    code = "source_refused"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a pull may take. ``rows``: 0 is any number; ``deadline``: of ``time.monotonic``."""

    rows: int
    megabytes: int
    deadline: float

    @classmethod
    def of(cls, *, rows: int, megabytes: int, seconds: float = PULL_SECONDS) -> Bounds:
        return cls(rows, megabytes, time.monotonic() + seconds)

    @property
    def bytes(self) -> int:
        return self.megabytes * 1024 * 1024

    @property
    def seconds(self) -> float:
        """What is left of the time. Raises SourceRefused when nothing is."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise too_slow()
        return left

    def look_at_size(self, size: int) -> None:
        """Raises SourceRefused for more bytes than may come."""
        if size > self.megabytes * 1024 * 1024:
            text = _("The source gives more than %(most)d MB.")
            raise SourceRefused(text % {"most": self.megabytes})


class RecipientSource(ABC):
    """People who are kept elsewhere. They are only ever read."""

    #: What the source itself knows of its columns, as a mapping of an import.
    mapping: Mapping[str, str] = MappingProxyType({})
    #: How the file that it makes is to be read.
    reading: ReadOptions = ReadOptions()

    @abstractmethod
    def save(self, target: Path, bounds: Bounds) -> None:
        """Write all of them into a file that an import reads. Raises SourceRefused."""

    @abstractmethod
    def check(self, bounds: Bounds) -> None:
        """See that it can be read, and read no more than that takes. Raises SourceRefused."""


@dataclass(frozen=True, slots=True)
class Table:
    """The names of the columns, and the rows, which are read once."""

    header: Sequence[str]
    rows: Iterable[Sequence[str]]


class RowSource(RecipientSource):
    """A source that has rows instead of a file."""

    reading = ReadOptions(header_row=1, delimiter=",", encoding="utf-8")

    @abstractmethod
    def open(self, bounds: Bounds) -> AbstractContextManager[Table]:
        """The table; its rows are read as they are asked for. Raises SourceRefused."""

    def save(self, target: Path, bounds: Bounds) -> None:
        count = size = 0
        with self.open(bounds) as table, _text_file(target) as file:
            writer = csv.writer(file)
            writer.writerow(table.header)
            for count, row in enumerate(table.rows, start=1):
                if 0 < bounds.rows < count:
                    text = _("The source has more than %(most)d rows.")
                    raise TooManyRows(text % {"most": bounds.rows})
                size += writer.writerow(row)
                bounds.look_at_size(size)
        if not count:
            raise SourceRefused(_("The source has no rows."))

    def check(self, bounds: Bounds) -> None:
        with self.open(bounds) as table:
            next(iter(table.rows), None)


def _text_file(path: Path) -> TextIO:
    # Half a character, as JSON may have it, is no reason to lose everybody.
    return path.open("w", encoding="utf-8", errors="replace", newline="")


def too_slow() -> SourceRefused:
    text = _("The source did not give everything within %(seconds)d seconds.")
    return SourceRefused(text % {"seconds": PULL_SECONDS})
