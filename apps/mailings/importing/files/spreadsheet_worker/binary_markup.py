"""Rows that XLS ([MS-XLS], in [MS-CFB]) and XLSB ([MS-XLSB]) hide, from their records.

A sheet is named by its place: names of old files are in code pages that only the reader knows.
Whatever is no such file raises struct.error, IndexError or KeyError.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from posixpath import join, normpath
from struct import unpack_from
from typing import Final
from xml.etree import ElementTree

_END_OF_CHAIN: Final = 0xFFFFFFFA  # and whatever is above it
_IN_HEADER: Final = 109  # places of allocation tables in the header of a compound file
_STREAMS: Final = ("Workbook", "Book")
_ROOT: Final = 5

_EOF, _BOUND_SHEET, _ROW, _BOF = 0x000A, 0x0085, 0x0208, 0x0809
#: fDyZero: the row's height is nothing.
_XLS_HIDDEN, _XLSB_HIDDEN = 0x20, 0x10
_BRT_ROW, _BRT_SHEET = 0, 156


def hidden_in_xls(content: bytes, place: int) -> frozenset[int]:
    """Numbers of the hidden rows of the sheet at this place, from 1."""
    stream = _stream_of(content)
    starts = [
        unpack_from("<I", stream, at)[0] for kind, at in _records(stream, 0) if kind == _BOUND_SHEET
    ]
    return frozenset(
        unpack_from("<H", stream, at)[0] + 1
        for kind, at in _records(stream, starts[place])
        if kind == _ROW and stream[at + 12] & _XLS_HIDDEN
    )


def _records(stream: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Kind and place of every record from ``at`` to the end of its part, with the parts in it."""
    depth = 0
    while at + 4 <= len(stream):
        kind, size = unpack_from("<HH", stream, at)
        yield kind, at + 4
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 0:
            return
        at += 4 + size


def _stream_of(content: bytes) -> bytes:
    """The workbook in a compound file."""
    file = _CompoundFile(content)
    directory = file.chained(unpack_from("<I", content, 48)[0])
    entries: dict[str, tuple[int, int]] = {}
    root = 0
    for at in range(0, len(directory), 128):
        length, kind = unpack_from("<HB", directory, at + 64)
        name = directory[at : at + max(length - 2, 0)].decode("utf-16-le", "replace")
        start, size = unpack_from("<II", directory, at + 116)
        entries.setdefault(name, (start, size))
        root = start if kind == _ROOT else root
    start, size = next(entries[name] for name in _STREAMS if name in entries)
    if size >= unpack_from("<I", content, 56)[0]:
        return file.chained(start)[:size]
    return file.small(root, start)[:size]


class _CompoundFile:
    """Sectors that are chained by a table ([MS-CFB] 2.3); no chain is longer than the table."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._size = 1 << min(unpack_from("<H", content, 30)[0], 16)
        places = [*unpack_from(f"<{_IN_HEADER}I", content, 76)]
        following = unpack_from("<I", content, 68)[0]
        for _table in range(len(content) // self._size):
            if following >= _END_OF_CHAIN:
                break
            *more, following = self._numbers(self._sector(following))
            places += more
        tables = [self._sector(place) for place in places if place < _END_OF_CHAIN]
        self._next = self._numbers(b"".join(tables))

    def chained(self, start: int) -> bytes:
        return b"".join(map(self._sector, _chain(self._next, start)))

    def small(self, root: int, start: int) -> bytes:
        """A stream in the small sectors that lie in the root's own stream."""
        size = 1 << min(unpack_from("<H", self._content, 32)[0], 16)
        table = self._numbers(self.chained(unpack_from("<I", self._content, 60)[0]))
        sectors = self.chained(root)
        return b"".join(sectors[at * size : (at + 1) * size] for at in _chain(table, start))

    def _sector(self, number: int) -> bytes:
        at = (number + 1) * self._size
        return self._content[at : at + self._size]

    @staticmethod
    def _numbers(table: bytes) -> list[int]:
        return [*unpack_from(f"<{len(table) // 4}I", table)]


def _chain(following: list[int], start: int) -> Iterator[int]:
    at = start
    for _step in range(len(following)):
        if at >= _END_OF_CHAIN:
            return
        yield at
        at = following[at]


def hidden_in_xlsb(archive: zipfile.ZipFile, place: int) -> frozenset[int]:
    """Numbers of the hidden rows of the sheet at this place, from 1."""
    book = archive.read("xl/workbook.bin")
    links = [_link(book, at) for kind, at in _parts(book) if kind == _BRT_SHEET]
    with archive.open("xl/_rels/workbook.bin.rels") as file:
        targets = {one.get("Id"): one.get("Target", "") for one in ElementTree.parse(file).iter()}
    target = targets[links[place]]
    part = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
    sheet = archive.read(part)
    return frozenset(
        unpack_from("<I", sheet, at)[0] + 1
        for kind, at in _parts(sheet)
        if kind == _BRT_ROW and sheet[at + 11] & _XLSB_HIDDEN
    )


def _link(book: bytes, at: int) -> str:
    """The id of the part of a sheet, behind its state and number."""
    (length,) = unpack_from("<I", book, at + 8)
    return book[at + 12 : at + 12 + 2 * length].decode("utf-16-le", "replace")


def _parts(content: bytes) -> Iterator[tuple[int, int]]:
    """Kind and place of every record; both numbers have seven bits a byte."""
    at, end = 0, len(content)
    while at < end:
        kind, at = _number(content, at, 2)
        size, at = _number(content, at, 4)
        yield kind, at
        at += size


def _number(content: bytes, at: int, most: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 7 * most, 7):
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return value, at
