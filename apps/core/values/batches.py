"""Rows in groups of a size: what one statement, or one part of a file, takes at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batched(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """The rows in groups of ``size``; the last may be smaller. ``itertools.batched`` of 3.12."""
    rest = iter(rows)
    while batch := list(islice(rest, size)):
        yield batch
