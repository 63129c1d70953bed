"""The files of pictures: written whole, found by token and hash, the small ones kept in memory.

A name holds the hash of what lies under it, so a file never changes. Whatever a row does not name
belongs to nobody: what an interrupted act leaves behind is swept up once a day.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import IO, Final

import structlog
from django.core.files.base import ContentFile

from apps.mailings.models import MediaFile, MediaRendition
from apps.mailings.models.media import media_storage

log = structlog.get_logger(__name__)

#: Bytes of the files that a process keeps, and of the largest file among them.
KEPT_BYTES: Final = 64 * 1024 * 1024
LARGEST_KEPT: Final = 512 * 1024
#: A file so young may belong to a row that is not committed yet. Seconds.
_YOUNG: Final = 24 * 3600
_HASH: Final = 32


class FileCache:
    """The bytes of files by their names, of which the oldest unused go when there are too many."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, name: str) -> bytes | None:
        with self._lock:
            found = self._kept.get(name)
            if found is not None:
                self._kept.move_to_end(name)
            return found

    def put(self, name: str, content: bytes) -> None:
        with self._lock:
            self._bytes += len(content) - len(self._kept.pop(name, b""))
            self._kept[name] = content
            while self._bytes > self._most:
                _name, dropped = self._kept.popitem(last=False)
                self._bytes -= len(dropped)

    def forget(self, names: Iterable[str]) -> None:
        with self._lock:
            for name in names:
                self._bytes -= len(self._kept.pop(name, b""))

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._bytes = 0

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self._bytes


CACHE: Final = FileCache(KEPT_BYTES)


def name_of(media: MediaFile, digest: str) -> str:
    """Where the file of this picture with this hash lies."""
    return f"{media.token[:2]}/{media.token}/{digest[:_HASH]}.{media.extension}"


def write(media: MediaFile, content: bytes) -> str:
    """Put a file of the picture away. Returns its hash. Raises DiskFull."""
    digest = sha256(content).hexdigest()
    storage, name = media_storage(), name_of(media, digest)
    if storage.exists(name):  # of a process that was killed while it wrote
        if storage.size(name) == len(content):
            return digest
        storage.delete(name)
    storage.save(name, ContentFile(content))
    return digest


def opened(rendition: MediaRendition) -> IO[bytes] | None:
    """The file, whole; None when it is not where it was put, or is only a part of it."""
    storage, name = media_storage(), name_of(rendition.media, rendition.sha256)
    try:
        if storage.size(name) == rendition.size:
            return storage.open(name)
        reason = "size"
    except OSError as error:
        reason = type(error).__name__
    log.error("picture_file_missing", media_id=rendition.media_id, file=name, reason=reason)
    return None


def content_of(rendition: MediaRendition) -> bytes | None:
    """The bytes of a file; small ones from memory. None when it is not there."""
    name = name_of(rendition.media, rendition.sha256)
    content = CACHE.get(name)
    if content is None:
        file = opened(rendition)
        if file is None:
            return None
        with file:
            content = file.read()
        if len(content) <= LARGEST_KEPT:
            CACHE.put(name, content)
    return content


def delete(names: Iterable[str]) -> None:
    """Take files away, also from the memory of this process. What is gone already is no error."""
    names = list(names)
    CACHE.forget(names)
    storage = media_storage()
    for name in names:
        try:
            storage.delete(name)
        except OSError as error:
            log.warning("picture_file_kept", file=name, error=str(error))


def sweep(*, remove: bool = True) -> int:
    """Delete the files that no row names, or only count them. Returns how many.

    They are left by owners who were deleted, and by processes that were killed.
    """
    root = Path(media_storage().path(""))
    count = 0
    for folder in sorted(root.glob("*/*")):
        token = folder.name
        files = [path for path in folder.iterdir() if _is_old(path)] if folder.is_dir() else []
        if files:
            rows = MediaRendition.objects.filter(media__token=token)
            named = {digest[:_HASH] for digest in rows.values_list("sha256", flat=True)}
            for path in files:
                if path.stem not in named:
                    count += 1
                    if remove:
                        path.unlink(missing_ok=True)
        if remove and folder.is_dir() and not any(folder.iterdir()) and _is_old(folder):
            folder.rmdir()
    return count


def _is_old(path: Path) -> bool:
    return time.time() - path.stat().st_mtime > _YOUNG
