"""The archive: a ZIP with a manifest, which says of each entry how much is in it and its hash."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from django.utils.translation import gettext as _
from pydantic import BaseModel

from apps.delivery.backup.errors import BackupDamaged, BackupNewer

#: Grows when an archive could not be read as before.
FORMAT: Final = 1
_MANIFEST: Final = "manifest.json"
#: More makes it hardly smaller, and much slower.
_LEVEL: Final = 3
_BLOCK: Final = 1 << 20


class TableEntry(BaseModel):
    """One table: ``columns`` in the order of each line's values."""

    name: str
    columns: list[str]
    rows: int
    sha256: str


class FileEntry(BaseModel):
    """One file, by its path from one of the folders (places.py)."""

    place: str
    path: str
    size: int
    sha256: str


class Sums(BaseModel):
    """What must be the same after restoring: the two equations, in figures.

    ``deliveries`` by state, ``reactions`` by term; ``uneven``: of how many runs the counters are
    not what their rows say, which are none.
    """

    deliveries: dict[str, int]
    reactions: dict[str, int]
    uneven: int


class Manifest(BaseModel):
    """What the archive holds. ``sequences``: the last id that was given out, by table."""

    format: int = FORMAT
    version: str
    database: str
    made_at: str
    migrations: list[tuple[str, str]]
    tables: list[TableEntry] = []
    files: list[FileEntry] = []
    sequences: dict[str, int] = {}
    sums: Sums


@dataclass(slots=True)
class Entry:
    """An entry that is being written: how much there is, and its hash so far."""

    file: IO[bytes]
    lines: int = 0
    size: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)

    def write(self, content: bytes) -> None:
        self.file.write(content)
        self._digest.update(content)
        self.size += len(content)
        self.lines += 1

    @property
    def sha256(self) -> str:
        return str(self._digest.hexdigest())


def new_archive(file: IO[bytes]) -> ZipFile:
    return ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_LEVEL)


@contextmanager
def entry(archive: ZipFile, name: str) -> Iterator[Entry]:
    """Write one entry, piece by piece."""
    with archive.open(name, "w", force_zip64=True) as file:
        yield Entry(file)


def write_manifest(archive: ZipFile, manifest: Manifest) -> None:
    """It comes last: only then everything is known."""
    archive.writestr(_MANIFEST, manifest.model_dump_json(indent=1))


@contextmanager
def damage_refused() -> Iterator[None]:
    """Inside, whatever a broken archive leads to is a refusal."""
    try:
        yield
    except (BadZipFile, zlib.error, EOFError, KeyError, ValueError, NotImplementedError) as error:
        text = _("The archive is damaged or cut short: %(error)s")
        raise BackupDamaged(text % {"error": str(error)[:200]}) from error


@contextmanager
def opened(path: Path) -> Iterator[tuple[ZipFile, Manifest]]:
    """The archive with what it says of its content. Raises BackupDamaged, BackupNewer."""
    with path.open("rb") as file:
        with damage_refused():
            archive = ZipFile(file)
            found = json.loads(archive.read(_MANIFEST))
            if not isinstance(found, dict):
                raise ValueError(_MANIFEST)
        if found.get("format", 0) > FORMAT:
            text = _("The archive was made by a newer version of Vestnik (%(version)s).")
            raise BackupNewer(text % {"version": found.get("version", "?")})
        with damage_refused():
            manifest = Manifest.model_validate(found)
        yield archive, manifest


def blocks(archive: ZipFile, name: str, sha256: str) -> Iterator[bytes]:
    """The content of an entry, piece by piece. Raises BackupDamaged, at the latest at its end."""
    with damage_refused(), archive.open(name) as file:
        digest = hashlib.sha256()
        while block := file.read(_BLOCK):
            digest.update(block)
            yield block
        _check(name, digest.hexdigest(), sha256)


def lines(archive: ZipFile, name: str, sha256: str) -> Iterator[list[Any]]:
    """The rows of an entry. Raises BackupDamaged, at the latest after the last one."""
    with damage_refused(), archive.open(name) as file:
        digest = hashlib.sha256()
        for line in file:
            digest.update(line)
            yield json.loads(line)
        _check(name, digest.hexdigest(), sha256)


def _check(name: str, found: str, expected: str) -> None:
    if found != expected:
        raise ValueError(name)
