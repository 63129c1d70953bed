"""The folders whose files belong to the rows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import ZipFile

from django.conf import settings
from django.utils.translation import gettext as _

from apps.delivery.backup.archive import FileEntry, blocks, damage_refused, entry
from apps.delivery.backup.errors import NotEmpty

_BLOCK = 1 << 20


def places() -> dict[str, Path]:
    """Each folder, by its name in the archive: what users upload, pictures, and the openings and
    clicks that nobody has counted yet."""
    storage: Any = settings.STORAGES["media"]
    return {
        "media": Path(settings.MEDIA_ROOT),
        "private": Path(settings.PRIVATE_ROOT),
        "pictures": Path(storage["OPTIONS"]["location"]),
        "spool": Path(settings.VAR_DIR) / "spool",
    }


def name_of(found: FileEntry) -> str:
    return f"files/{found.place}/{found.path}"


def write_files(archive: ZipFile) -> Iterator[FileEntry]:
    """Write every file that is there. One that goes away meanwhile is passed over: its row has
    gone as well, or says so."""
    for place, folder in places().items():
        for path in files_of(folder):
            name = path.relative_to(folder).as_posix()
            try:
                file = path.open("rb")
            except FileNotFoundError:
                continue
            with file, entry(archive, f"files/{place}/{name}") as written:
                while block := file.read(_BLOCK):
                    written.write(block)
            yield FileEntry(place=place, path=name, size=written.size, sha256=written.sha256)


def files_of(folder: Path) -> Iterator[Path]:
    """The files below a folder, in order. Links are not followed."""
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(root) / name
            if path.is_file() and not path.is_symlink():
                yield path


def check_empty() -> None:
    """Raises NotEmpty when one of the folders has a file."""
    for folder in places().values():
        if next(files_of(folder), None) is not None:
            text = _("There are files in %(folder)s: restore only into an empty installation.")
            raise NotEmpty(text % {"folder": folder})


def unpack(archive: ZipFile, files: list[FileEntry], into: Path) -> None:
    """Write the files of the archive below this folder. Raises BackupDamaged."""
    known = places()
    for found in files:
        path = PurePosixPath(found.path)
        with damage_refused():
            if found.place not in known or path.is_absolute() or ".." in path.parts:
                raise ValueError(found.path)
        target = into / found.place / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            for block in blocks(archive, name_of(found), found.sha256):
                file.write(block)


def move_in(unpacked: Path) -> None:
    """Put what was unpacked where it belongs."""
    for place, folder in places().items():
        if not (unpacked / place).exists():
            continue
        for path in files_of(unpacked / place):
            target = folder / path.relative_to(unpacked / place)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, target)


def clear() -> None:
    """Remove every file from the folders."""
    for folder in places().values():
        for path in list(folder.iterdir()) if folder.exists() else ():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
