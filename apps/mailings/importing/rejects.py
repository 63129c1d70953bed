"""The file of rejected rows: whole or not there at all."""

from __future__ import annotations

import csv
import heapq
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

from apps.core.exports.formulas import bare, guarded
from apps.mailings.importing.columns import REJECT_COLUMNS
from apps.mailings.importing.errors import RejectsUnwritable
from apps.mailings.importing.reject_reasons import WARNINGS, Reason, Reject

#: How many rejected rows a report shows without opening the file.
EXAMPLES = 20


class RejectSpool:
    """Rejected rows in the order of their lines, kept on disk until the import is decided."""

    def __init__(self) -> None:
        self._file: IO[str] = tempfile.TemporaryFile(
            "w+", encoding="utf-8", errors="surrogateescape", newline=""
        )
        self._writer = csv.writer(self._file)

    def __enter__(self) -> RejectSpool:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()

    def add(self, rejects: Iterable[Reject]) -> None:
        for reject in rejects:
            fields = map(_printable, reject.fields)
            self._writer.writerow(
                [reject.line, reject.reason.value, _printable(reject.detail), *fields]
            )

    def __iter__(self) -> Iterator[Reject]:
        self._file.seek(0)
        for line, reason, detail, *fields in csv.reader(self._file):
            yield Reject(int(line), Reason(reason), detail, tuple(fields))


class RejectFile:
    """``path`` as it will be. Written beside it first; ``publish`` puts it in its place.

    Fields that a spreadsheet would take for a formula get an apostrophe in front: the file is made
    to be opened in one.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.path = path
        self._part = path.with_name(f".{path.name}.{fingerprint}.part")
        try:
            self._part.touch()
        except OSError as error:
            raise RejectsUnwritable(
                _("The file for rejected rows cannot be written: %(path)s: %(why)s.")
                % {"path": path, "why": error.strerror or error}
            ) from None

    def write(self, rejects: Iterable[Reject], header: Sequence[str], delimiter: str) -> None:
        """All rows, safe on disk, but not yet under the final name."""
        # The mark at the beginning makes Excel read UTF-8.
        with self._part.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, delimiter=delimiter)
            writer.writerow([*REJECT_COLUMNS, *map(_printable, header)])
            for reject in rejects:
                fields = map(_harmless, reject.fields)
                writer.writerow([reject.line, reject.reason.value, _harmless(reject.text), *fields])
            file.flush()
            os.fsync(file.fileno())

    def publish(self, rows: int) -> None:
        """Put the file in its place; without a row in it, remove what an earlier run left."""
        if rows and self._part.exists():
            self._part.replace(self.path)
            return
        self.discard()
        if not rows and _is_ours(self.path):
            self.path.unlink()

    def discard(self) -> None:
        """Leave no trace of a file that was not published."""
        self._part.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row of the file as a page shows it."""

    line: str
    is_warning: bool
    text: str
    fields: Sequence[str]


def first_rejects(file: IO[str], most: int) -> tuple[Sequence[str], list[RejectedRow]]:
    """The header of a file of rejected rows without our own columns, and its first rows."""
    own, first = len(REJECT_COLUMNS), len(REJECT_COLUMNS[0])
    delimiter = file.readline()[first : first + 1]
    file.seek(0)
    lines = csv.reader(file, delimiter=delimiter)
    header = next(lines)[own:]
    rows = [
        RejectedRow(row[0], Reason(row[1]) in WARNINGS, bare(row[2]), list(map(bare, row[own:])))
        for row in islice(lines, most)
    ]
    return header, rows


class Tally:
    """Counts rejects and warnings by reason and keeps the first few, while they pass through."""

    def __init__(self) -> None:
        self.by_reason: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self.examples: list[Reject] = []

    def over(self, *streams: Iterable[Reject]) -> Iterator[Reject]:
        """The rejects of all streams in the order of their lines.

        A row that lost to another one was not taken: what was to be warned of is nothing any more.
        """
        line = attrgetter("line")
        for _line, of_line in groupby(heapq.merge(*streams, key=line), key=line):
            of_row = list(of_line)
            for reject in [one for one in of_row if not one.is_warning] or of_row:
                counter = self.warnings if reject.is_warning else self.by_reason
                counter[reject.reason.value] += 1
                if len(self.examples) < EXAMPLES:
                    self.examples.append(reject)
                yield reject


def _printable(value: str) -> str:
    """Undecodable bytes as ``\\xe0``; other text as it is."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raw = value.encode("utf-8", "surrogateescape" if _escaped(value) else "replace")
        return raw.decode("utf-8", "backslashreplace")
    return value


def _escaped(value: str) -> bool:
    return not re.search("[\ud800-\udc7f\udd00-\udfff]", value)


def _harmless(value: str) -> str:
    return guarded(bare(value))


def _is_ours(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            return file.readline().startswith(REJECT_COLUMNS[0])
    except OSError:
        return False
