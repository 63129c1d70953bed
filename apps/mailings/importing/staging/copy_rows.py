"""Batches, made ready for a database while it is busy with the one before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from apps.core.values.addresses import operator_of
from apps.mailings.fields import RECIPIENT_FIELDS
from apps.mailings.importing.validation import Batch
from apps.mailings.models.audience import ADDRESS

#: NULL, as COPY reads it.
MISSING: Final = r"\N"

#: What the table calls otherwise than the batch does.
_NAMES = {str(one.target): one.name for one in RECIPIENT_FIELDS}
_ADDRESSES = frozenset(ADDRESS.values())


@dataclass(frozen=True, slots=True)
class CopyRows:
    """A batch in terms of the recipients' table: a missing address is NULL there.

    ``rows`` are as the database takes them: tuples that begin with the line for INSERT, or text
    without the line for COPY. ``columns`` are named without the line.
    """

    lines: Sequence[int]
    columns: Sequence[str]
    rows: Sequence[Any]


def as_tuples(batch: Batch) -> CopyRows:
    """For INSERT."""
    columns = {
        name: [value or None for value in values] if name in _ADDRESSES else values
        for name, values in _renamed(batch).items()
    }
    rows = list(zip(batch.lines, *columns.values(), strict=True))
    return CopyRows(batch.lines, list(columns), rows)


def as_text(batch: Batch) -> CopyRows:
    """For COPY, by ``numbered``."""
    columns = {name: _escaped(values) for name, values in _renamed(batch).items()}
    for name in _ADDRESSES & columns.keys():
        if "" in columns[name]:
            columns[name] = [value or MISSING for value in columns[name]]
    text = "\n".join(map("\t".join, zip(*columns.values(), strict=True)))
    return CopyRows(batch.lines, list(columns), text.encode().split(b"\n") if batch.lines else [])


def numbered(rows: CopyRows, offset: int, common: Iterable[str] = ()) -> bytes:
    """The text for COPY: every row begins with its line plus ``offset`` and what is common to all.

    ``common`` is written as COPY reads it.
    """
    between = "\t".join(["", *common, ""]).encode()
    numbers = map(b"%d".__mod__, map(offset.__add__, rows.lines))
    return b"\n".join([*map(between.join, zip(numbers, rows.rows, strict=True)), b""])


def _renamed(batch: Batch) -> dict[str, Sequence[str]]:
    columns = {_NAMES.get(name, name): values for name, values in batch.columns.items()}
    if "phone" in columns:
        columns["operator_code"] = list(map(operator_of, columns["phone"]))
    return columns


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _escaped(values: Sequence[str]) -> Sequence[str]:
    text = "".join(values)
    if any(sign in text for sign in "\\\t\n\r"):
        return [value.translate(_ESCAPES) for value in values]
    return values
