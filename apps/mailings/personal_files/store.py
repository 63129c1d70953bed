"""The bytes of single recipients' files: under their hash, apart from everything else.

What no row names belongs to nobody. It goes with the row; what a killed process has left is swept
up once a day.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final, TypeVar

import structlog
from django.core.files.base import File

from apps.core.content.template_language import RenderRefused
from apps.core.contracts import StagedFile
from apps.core.resources import disk_full_refused
from apps.mailings import attachments
from apps.mailings.models import DeliveryFile, FileArchive, FileArchiveEntry
from apps.mailings.models.content import private_storage

log = structlog.get_logger(__name__)

_Judged = TypeVar("_Judged")

FOLDER: Final = "personal"
#: A file so young may belong to a row that is not committed yet. Seconds: where one row let go of
#: it, and where nobody knows whose it was.
_FRESH: Final = 600
_YOUNG: Final = 24 * 3600
#: Hashes that are looked for in one statement.
_CHUNK: Final = 500


class FileGone(RenderRefused):
    """The bytes of a recipient's file are not where they were put, or are not those."""

    code = "file_missing"


def keep(data: bytes) -> str:
    """Put the bytes away. Returns their hash. Raises DiskFull."""
    with disk_full_refused():
        digest = attachments.keep(data, FOLDER)
        os.utime(path_of(digest))  # what lay there may be about to be swept
        return digest


def keep_file(file: File[Any], judge: Callable[[Path], _Judged]) -> tuple[str, _Judged]:
    """Put a file away, however large, a piece at a time. Returns its hash, and what ``judge`` says.

    Nothing is kept of what ``judge`` refuses. Raises what it raises, and DiskFull.
    """
    with disk_full_refused(), temporary() as beside:
        with beside.open("wb") as target:
            for piece in file.chunks():
                target.write(piece)
            target.flush()
            os.fsync(target.fileno())
        judged = judge(beside)
        with beside.open("rb") as written:
            digest = file_digest(written, "sha256").hexdigest()
        path = path_of(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(beside, path)
        attachments.settle(path.parent)
        return digest, judged


@contextmanager
def temporary() -> Iterator[Path]:
    """A file of this store that is gone afterwards, unless it was given its name."""
    root = Path(private_storage().path(FOLDER))
    root.mkdir(parents=True, exist_ok=True)
    file = NamedTemporaryFile(dir=root, prefix=".", suffix=".part", delete=False)
    file.close()
    path = Path(file.name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def path_of(digest: str) -> Path:
    """Where the bytes with this hash lie."""
    return Path(private_storage().path(attachments.path_of(digest, FOLDER)))


def bytes_of(file: StagedFile) -> bytes:
    """The bytes of a recipient's file, which are those that were brought. Raises FileGone."""
    try:
        data = path_of(file.sha256).read_bytes()
    except OSError as error:
        log.error("personal_file_missing", sha256=file.sha256, error=str(error))
        raise FileGone(file.name) from error
    if len(data) != file.size or sha256(data).hexdigest() != file.sha256:
        log.error("personal_file_damaged", sha256=file.sha256)
        raise FileGone(file.name)
    return data


def forget(digests: Iterable[str]) -> int:
    """Take away the bytes that no row names any more. Returns how many files.

    Others may have brought the same just now: fresh ones are left to the sweeping.
    """
    wanted = sorted({digest for digest in digests if digest})
    count = 0
    for start in range(0, len(wanted), _CHUNK):
        some = wanted[start : start + _CHUNK]
        for path in map(path_of, set(some) - _named(some)):
            if path.exists() and _age(path) > _FRESH:
                path.unlink(missing_ok=True)
                count += 1
    return count


def sweep(*, remove: bool = True) -> int:
    """Delete the files that no row names, or only count them. Returns how many."""
    root = Path(private_storage().path(FOLDER))
    count = 0
    for folder in sorted(root.glob("*")):
        found = [folder] if folder.is_file() else list(folder.iterdir())
        old = [path for path in found if _age(path) > _YOUNG]
        for start in range(0, len(old), _CHUNK):
            some = old[start : start + _CHUNK]
            named = _named([path.name for path in some])
            for path in some:
                if path.name not in named:
                    count += 1
                    if remove:
                        path.unlink(missing_ok=True)
    return count


def _named(digests: list[str]) -> set[str]:
    """Those of the hashes that a row still names."""
    rows = (
        DeliveryFile.objects.filter(state=DeliveryFile.State.READY),
        FileArchiveEntry.objects.all(),
        FileArchive.objects.all(),
    )
    found: set[str] = set()
    for one in rows:
        found.update(one.filter(sha256__in=digests).values_list("sha256", flat=True))
    return found


def _age(path: Path) -> float:
    return time.time() - path.stat().st_mtime
