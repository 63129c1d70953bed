"""A file is replaced as a whole: a reader finds the old one or the new one, never half."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from apps.core.files.locking import try_lock


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Be the only process that changes this file. False: another one is at it now."""
    lock = path.with_name(f"{path.name}.lock")
    with lock.open("a+b") as file:
        yield try_lock(file)


def replace_file(path: Path, content: bytes) -> None:
    """Put ``content`` in the place of the file, with its mode and its owner.

    The old content stays beside it as ``.bak``. Under ``alone``. Raises OSError, and then nothing
    has changed.
    """
    path = path.resolve()  # a link stays one
    now = path.stat()
    old = path.read_bytes()
    _write(path.with_name(f"{path.name}.bak"), old, now)
    _write(path, content, now)


def _write(path: Path, content: bytes, like: os.stat_result) -> None:
    """Write beside it, make it last, and give it the name: the name changes in one step."""
    beside = path.with_name(f"{path.name}.new")
    with suppress(FileNotFoundError):
        beside.unlink()  # of a process that died
    number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(number, "wb") as file:
            _take_after(file.fileno(), like)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    _make_name_last(path.parent)


def _take_after(number: int, like: os.stat_result) -> None:
    if hasattr(os, "fchown"):
        made = os.fstat(number)
        if (made.st_uid, made.st_gid) != (like.st_uid, like.st_gid):
            os.fchown(number, like.st_uid, like.st_gid)
        os.fchmod(number, stat.S_IMODE(like.st_mode))


def _make_name_last(folder: Path) -> None:
    """The new name survives a power cut, too. Windows knows no such call, and needs none."""
    if os.name == "posix":
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
