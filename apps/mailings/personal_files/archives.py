"""A ZIP of many people's files: looked through before it is taken, unpacked one file at a time.

What its directory says is believed only for the bounds; what comes out is counted while it does.
"""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.core.files.types import type_of

#: Bounds of an archive: bytes of it, files in it, bytes of all of them.
MAX_ARCHIVE: Final = 500 * 1024 * 1024
MOST_ENTRIES: Final = 20_000
MAX_UNPACKED: Final = 4 * 1024 * 1024 * 1024
#: To so small a part no people's files shrink; what stays small is let in however it shrank.
_MOST_SHRUNK: Final = 200
_SMALL: Final = 100 * 1024 * 1024
#: Of one file, and of a whole letter.
MAX_FILE: Final = 10 * 1024 * 1024
#: Others need memory by the gigabyte, or programs that are not here.
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED, _UTF8 = 0x1, 0x800
_LONGEST: Final = 500
_PIECE: Final = 256 * 1024
#: Bounds of the directory: records in it, with folders and what a Mac puts beside, and its bytes.
_MOST_RECORDS: Final = 3 * MOST_ENTRIES
_MOST_DIRECTORY: Final = 32 * 1024 * 1024
_RECORD: Final = b"PK\x01\x02"

TOO_LARGE, REFUSED, MISSING = "file_too_large", "file_refused", "file_missing"
UNREACHABLE: Final = "file_unreachable"
CODES: Final = (MISSING, TOO_LARGE, REFUSED, UNREACHABLE)


class ArchiveRefused(Refused):
    """The archive is none, is too large, is encrypted, or two of its files have one name."""

    code = "archive_refused"


@dataclass(frozen=True, slots=True)
class Packed:
    """A file as the archive's directory names it. ``number``: its place there."""

    number: int
    name: str
    key: str
    size: int


@dataclass(frozen=True, slots=True)
class Judged:
    """What a file is: its MIME type, or the code of why it is not sent."""

    content_type: str = ""
    code: str = ""


def key_of(name: str) -> str:
    """How a file is found: however its letters are composed, in capitals or small ones."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name.strip()).casefold())


def judged(data: bytes, name: str) -> Judged:
    """What the file is by its first bytes, under the name that it will have."""
    if not data:
        return Judged(code=REFUSED)
    if len(data) > MAX_FILE:
        return Judged(code=TOO_LARGE)
    found = type_of(data, name)
    return Judged(code=REFUSED) if found is None else Judged(found)


def listed(path: Path) -> list[Packed]:
    """The files of an archive, by its directory alone. Raises ArchiveRefused."""
    with opened(path) as archive:
        found = [(number, one) for number, one in enumerate(archive.infolist()) if _is_file(one)]
        _check_bounds([one for _number, one in found])
        names = [_name_of(one) for _number, one in found]
        top = _common_folder(names)
        rows = [
            Packed(number, name[len(top) :], key_of(name[len(top) :]), one.file_size)
            for (number, one), name in zip(found, names, strict=True)
        ]
    _check_names(rows)
    return rows


class _Guarded(io.BufferedReader):
    """The file of an archive whose directory is judged before a row is built of it.

    The directory is read at once, whatever its records say and wherever they lie: what they claim
    of it is bounded before the reading, and what there is of it is counted after.
    """

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > _MOST_DIRECTORY:
            raise _too_many()
        data = super().read(size)
        if data.count(_RECORD) > _MOST_RECORDS:
            raise _too_many()
        return data


def _too_many() -> ArchiveRefused:
    text = _("There are more than %(most)s files in this archive.")
    return ArchiveRefused(text % {"most": f"{MOST_ENTRIES:,}".replace(",", " ")})


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive. Raises ArchiveRefused."""
    try:
        file = _Guarded(io.FileIO(path))
    except OSError as error:
        raise ArchiveRefused(_("This is not a ZIP archive, or it is damaged.")) from error
    with file:
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise ArchiveRefused(_("This is not a ZIP archive, or it is damaged.")) from error
        with archive:
            yield archive


def unpacked(archive: zipfile.ZipFile, number: int) -> bytes | None:
    """The bytes of one file; None when it is damaged. No more than may be sent is read, and one."""
    parts, size = [], 0
    try:
        with archive.open(archive.infolist()[number]) as file:
            while size <= MAX_FILE and (part := file.read(_PIECE)):
                parts.append(part)
                size += len(part)
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError, IndexError):
        return None
    except Exception as error:  # zlib.error is no OSError, and a library may raise anything
        if type(error).__module__ not in ("zlib", "struct", "binascii"):
            raise
        return None
    return b"".join(parts)[: MAX_FILE + 1]


def _is_file(one: zipfile.ZipInfo) -> bool:
    """Neither a folder nor what a Mac puts beside every file."""
    last = one.filename.rpartition("/")[2]
    aside = one.filename.startswith("__MACOSX/") or last in (".DS_Store", "Thumbs.db")
    return not one.is_dir() and not aside and not last.startswith("._")


def _check_bounds(found: list[zipfile.ZipInfo]) -> None:
    if not found:
        raise ArchiveRefused(_("There are no files in this archive."))
    if len(found) > MOST_ENTRIES:
        raise _too_many()
    for one in found:
        if one.flag_bits & _ENCRYPTED:
            raise ArchiveRefused(_("This archive has a password. Pack it without one."))
        if one.compress_type not in _METHODS:
            raise ArchiveRefused(_("Pack it as an ordinary ZIP: this method is not read."))
    size, packed = sum(one.file_size for one in found), sum(one.compress_size for one in found)
    if size > min(MAX_UNPACKED, max(_SMALL, packed * _MOST_SHRUNK)) or _overlap(found):
        raise ArchiveRefused(_("This archive becomes too large when it is unpacked."))


def _overlap(found: list[zipfile.ZipInfo]) -> bool:
    """True if two files share their bytes: so a small archive holds any amount."""
    ends = 0
    for one in sorted(found, key=lambda one: one.header_offset):
        if one.header_offset < ends:
            return True
        ends = one.header_offset + one.compress_size
    return False


def _name_of(one: zipfile.ZipInfo) -> str:
    """The name with its folders. Old packers write Cyrillic as the console of Windows does."""
    name = one.filename
    if not one.flag_bits & _UTF8 and not name.isascii():
        raw = name.encode("cp437", "replace")
        try:
            name = raw.decode("utf-8")
        except UnicodeDecodeError:
            name = raw.decode("cp866", "replace")
    shown = "".join(char for char in name if unicodedata.category(char)[0] != "C")
    return shown.replace("\\", "/").strip("/")[:_LONGEST]


def _common_folder(names: list[str]) -> str:
    """The folder that holds all of them: who packs a folder does not write its name."""
    first = names[0].rpartition("/")[0]
    while first and not all(name.startswith(f"{first}/") for name in names):
        first = first.rpartition("/")[0]
    return f"{first}/" if first else ""


def _check_names(rows: list[Packed]) -> None:
    """Two files of one name: nobody knows whose is whose."""
    twice = [key for key, count in Counter(row.key for row in rows).items() if count > 1]
    if twice:
        names = ", ".join(row.name for row in rows if row.key in twice[:1])
        raise ArchiveRefused(_("Two files have the same name: %(names)s.") % {"names": names})
