"""The crash journal: what of a dead worker may have left, known without its help.

One small memory-mapped file per worker, in words of eight bytes: a slot per connection (the
delivery whose last byte may leave, or 0), a ring of accepted deliveries, and a ring of those that
never got an answer before their connection's slot was needed again. It is never fsynced: it must
survive the death of the process, not of the machine (the boot id in the worker's row shows it). The
file is locked for as long as the worker lives; the kernel drops the lock when the process dies, so
the process that gets the lock knows that the worker is gone.
"""

from __future__ import annotations

import mmap
import socket
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from apps.core.files.locking import try_lock

_MAGIC = 0x56_4A_4E_4C_30_30_30_31  # "VJNL0001"
_WORD = 8
_HEADER = 5  # magic, connections, ring size, accepted so far, doubtful so far
_ACCEPTED, _DOUBTFUL = 3, 4


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a journal proves: which messages were accepted, and which may have left."""

    accepted: frozenset[int]
    in_flight: frozenset[int]


class JournalUnreadable(Exception):
    """The file is torn, foreign or gone: it proves nothing."""


class Journal:
    """The journal of a living worker. ``connections``: K; ``window``: W."""

    def __init__(self, path: Path, *, connections: int, window: int) -> None:
        self.path = path
        self._ring_size = 2 * window + connections
        self._connections = connections
        path.parent.mkdir(parents=True, exist_ok=True)
        words = _HEADER + connections + 2 * self._ring_size
        self._file: BinaryIO = path.open("x+b", buffering=0)
        try:
            if not try_lock(self._file):
                raise OSError(f"{path} is locked by another process")
            _preallocate(self._file, words * _WORD)
            self._map = mmap.mmap(self._file.fileno(), words * _WORD)
        except BaseException:
            self._file.close()
            path.unlink(missing_ok=True)
            raise
        self._words = memoryview(self._map).cast("Q")
        self._ring_lock = threading.Lock()
        self._words[1], self._words[2] = connections, self._ring_size
        self._words[0] = _MAGIC

    def leaving(self, connection: int, delivery_id: int) -> None:
        """From the next instruction on, this message may leave over this connection.

        If the last one over it never got an answer, it stays in doubt until that is recorded.
        """
        before = self._words[_HEADER + connection]
        if before and before != delivery_id:
            self._append(_DOUBTFUL, before)
        self._words[_HEADER + connection] = delivery_id

    def answered(self, connection: int, delivery_id: int, accepted: bool) -> None:
        """The answer was read. The acceptance is noted before the slot is cleared."""
        if accepted:
            self._append(_ACCEPTED, delivery_id)
        self._words[_HEADER + connection] = 0

    def _append(self, ring: int, delivery_id: int) -> None:
        """Into a ring larger than all a worker can have unrecorded: the entry, then its count."""
        words = self._words
        start = _HEADER + self._connections + (ring - _ACCEPTED) * self._ring_size
        with self._ring_lock:
            count = words[ring]
            words[start + count % self._ring_size] = delivery_id
            words[ring] = count + 1

    def close(self, *, remove: bool) -> None:
        """Let go of the file; ``remove`` it when everything it knows is recorded."""
        self._words.release()
        self._map.close()
        self._file.close()
        if remove:
            self.path.unlink(missing_ok=True)


def _preallocate(file: BinaryIO, size: int) -> None:
    """Really write it: a page without a block would end the process when the disk is full."""
    while size > 0:
        size -= file.write(bytes(size))
    file.seek(0)


class JournalReader:
    """A journal whose owner is gone, or suspended: read by the process that takes over."""

    def __init__(self, path: Path) -> None:
        """Raises JournalUnreadable when there is no such file."""
        self._path = path
        try:
            self._file: BinaryIO = path.open("r+b", buffering=0)
        except OSError as error:
            raise JournalUnreadable(str(error)) from error

    def owner_is_gone(self) -> bool:
        """True when the kernel has dropped the owner's lock: the process is dead."""
        return try_lock(self._file)

    def evidence(self) -> Evidence:
        """What it proves. Raises JournalUnreadable when the content is not whole."""
        raw = self._file.read()
        if len(raw) < _HEADER * _WORD or len(raw) % _WORD:
            raise JournalUnreadable("too short")
        words = memoryview(raw).cast("Q")
        magic, connections, size = words[0], words[1], words[2]
        if magic != _MAGIC or len(words) != _HEADER + connections + 2 * size or not size:
            raise JournalUnreadable("not a journal")
        rings = words[_HEADER + connections :]
        doubtful = rings[size : size + min(words[_DOUBTFUL], size)]
        return Evidence(
            accepted=frozenset(rings[: min(words[_ACCEPTED], size)]),
            in_flight=frozenset(words[_HEADER : _HEADER + connections]).union(doubtful) - {0},
        )

    def remove(self) -> None:
        """Forget it: everything it proved is recorded."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()


def boot_id() -> str:
    """Which kernel, since which start: under another one a journal and its lock prove nothing.

    All containers of a machine have the same.
    """
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        started = round((time.time() - time.monotonic()) / 60)
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{started}.{socket.gethostname()}"))
