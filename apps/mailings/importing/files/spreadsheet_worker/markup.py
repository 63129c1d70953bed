"""What the library that reads cells does not say: hidden rows, and formulas without a value.

Found in the XML as bytes: parsing it would take as long as reading the whole file again.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from posixpath import join, normpath
from struct import error
from typing import IO, Final
from xml.etree import ElementTree

from apps.mailings.importing.files.spreadsheet_worker.binary_markup import (
    hidden_in_xls,
    hidden_in_xlsb,
)
from apps.mailings.importing.files.spreadsheet_worker.job import CannotConvert

_CHUNK: Final = 1 << 20
#: More cells than this a person does not count one by one.
_MOST_FORMULAS: Final = 1_000_000
_MOST_REPEATED: Final = 1_048_576

_ROW: Final = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_NUMBER: Final = re.compile(rb"\br=[\"'](\d{1,7})[\"']")
_HIDDEN: Final = re.compile(rb"\bhidden=[\"'](?:1|true)[\"']")
_EMPTY_FORMULA: Final = re.compile(
    rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)"
    rb"\s*(<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_CELL: Final = re.compile(rb"\br=[\"']([A-Z]{1,3})(\d{1,7})[\"']")
_KEPT_TEXT: Final = re.compile(rb"\bt=[\"']str[\"']")

_ODS_ROW: Final = re.compile(
    rb"<table:table\b[^>]*\btable:name=\"([^\"]*)\"|<table:table-row\b([^>]*)>"
)
_ODS_HIDDEN: Final = re.compile(rb"table:visibility=\"(?:filter|collapse)\"")
_ODS_REPEATED: Final = re.compile(rb"table:number-rows-repeated=\"(\d{1,7})\"")


@dataclass(frozen=True, slots=True)
class Marks:
    """Numbers of hidden rows, and row and column (from 0) of formulas without a value."""

    hidden: frozenset[int] = frozenset()
    formulas: list[tuple[int, int]] = field(default_factory=list)


def marks_of(source: str, sheet: str, place: int) -> Marks:
    """The marks of one sheet, the one at this place. Of binary formats only the hidden rows.

    Raises CannotConvert where it cannot be known which rows are hidden.
    """
    try:
        if not zipfile.is_zipfile(source):
            return Marks(hidden_in_xls(Path(source).read_bytes(), place))
        with zipfile.ZipFile(source) as archive:
            if "xl/workbook.bin" in archive.namelist():
                return Marks(hidden_in_xlsb(archive, place))
    except (error, IndexError, KeyError, StopIteration, ElementTree.ParseError):
        raise CannotConvert("hidden_unknown") from None
    with zipfile.ZipFile(source) as archive:
        names = set(archive.namelist())
        if "content.xml" in names:
            with archive.open("content.xml") as file:
                return Marks(frozenset(_hidden_in_ods(file, sheet)))
        part = _part_of(archive, sheet) if "xl/workbook.xml" in names else ""
        if part not in names:
            return Marks()
        with archive.open(part) as file:
            return _marks_in_xlsx(file)


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """Where the sheet lies in the archive."""
    with archive.open("xl/workbook.xml") as file:
        book = ElementTree.parse(file)
    with archive.open("xl/_rels/workbook.xml.rels") as file:
        links = {one.get("Id"): one.get("Target", "") for one in ElementTree.parse(file).iter()}
    for one in book.iter():
        if one.tag.endswith("}sheet") and one.get("name") == sheet:
            ids = [value for name, value in one.attrib.items() if name.endswith("}id")]
            target = links.get(ids[0], "") if ids else ""
            return target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
    return ""


def _marks_in_xlsx(file: IO[bytes]) -> Marks:
    hidden: set[int] = set()
    formulas: list[tuple[int, int]] = []
    row, numbered = 0, True
    for text in _pieces(file, b"row"):
        first = _ROW.search(text)
        numbered = numbered and (first is None or _NUMBER.search(first[1]) is not None)
        if b"hidden=" in text or not numbered:
            for found in _ROW.finditer(text):
                number = _NUMBER.search(found[1])
                row = int(number[1]) if number else row + 1
                if _HIDDEN.search(found[1]):
                    hidden.add(row)
        if b"<f" in text or b":f" in text:
            formulas += _empty_formulas(text)
        if len(formulas) > _MOST_FORMULAS:
            break
    return Marks(frozenset(hidden), formulas)


def _empty_formulas(text: bytes) -> Iterator[tuple[int, int]]:
    """Cells with a formula and no value. An empty text that was kept is a value."""
    for found in _EMPTY_FORMULA.finditer(text):
        place = _CELL.search(found[1])
        if place and not (found[2] and _KEPT_TEXT.search(found[1])):
            column = 0
            for letter in place[1]:
                column = column * 26 + letter - 64
            yield int(place[2]), column - 1


def _hidden_in_ods(file: IO[bytes], sheet: str) -> Iterator[int]:
    inside, row = False, 0
    for text in _pieces(file, b"table-row"):
        for found in _ODS_ROW.finditer(text):
            if found[2] is None:
                inside = _unescaped(found[1]) == sheet
                row = 0
                continue
            times = _ODS_REPEATED.search(found[2])
            count = min(int(times[1]) if times else 1, _MOST_REPEATED)
            if inside and _ODS_HIDDEN.search(found[2]):
                yield from range(row + 1, row + count + 1)
            row += count


def _unescaped(name: bytes) -> str:
    element = ElementTree.fromstring(b'<a b="' + name + b'"/>')
    return element.get("b", "")


def _pieces(file: IO[bytes], tag: bytes) -> Iterator[bytes]:
    """The text in pieces that end where a row ends."""
    rest = b""
    ends = (b"</" + tag + b">", b":" + tag + b">")
    for _endless in repeat(None):
        chunk = file.read(_CHUNK)
        text = rest + chunk
        if not chunk:
            yield text
            return
        cut = max(text.rfind(end) + len(end) if end in text else 0 for end in ends)
        if cut:
            yield text[:cut]
        rest = text[cut:]
