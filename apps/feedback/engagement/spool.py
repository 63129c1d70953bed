"""Spools: files into which a serving process appends every opening and click, before it answers.

A record is its mark, its length, its checksum and its facts. What was cut short by a killed process
or a full disk is recognised and passed over; what follows it is read. A spool is locked for as long
as its process writes into it, so who gets the lock knows that no more will come.
"""

from __future__ import annotations

import os
import secrets
import struct
import threading
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

import structlog
from django.conf import settings

from apps.core.files.locking import try_lock
from apps.feedback.engagement.reaction import HEADERS, Reaction

log = structlog.get_logger(__name__)

#: Bytes of one file: then the next is begun, and this one is read to its end and removed.
LARGEST: Final = 8_000_000
#: Characters of what a visitor's program says of itself.
_LONGEST: Final = 300
_MARK: Final = b"\xe6\x01"
_HEAD: Final = struct.Struct("<2sHI")
#: Moment in microseconds, delivery, run, version, number, kind.
_FACTS: Final = struct.Struct("<qqqHhB")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_HALF: Final = 0x7FFF


def directory() -> Path:
    """Where all processes of this machine keep their spools."""
    return Path(settings.VAR_DIR) / "spool"


def pack(reaction: Reaction) -> bytes:
    """The record of this reaction."""
    texts = [reaction.method, reaction.user_agent[:_LONGEST], reaction.address]
    texts += [reaction.headers.get(name, "")[:_LONGEST] for name in HEADERS]
    facts = _FACTS.pack(
        (reaction.at - _EPOCH) // _MICROSECOND,
        reaction.delivery_id,
        reaction.run_id,
        reaction.version,
        min(reaction.number, _HALF),
        reaction.kind == "click",
    )
    body = facts + "\0".join(text.replace("\0", "") for text in texts).encode("utf-8", "replace")
    return _HEAD.pack(_MARK, len(body), zlib.crc32(body)) + body


def _unpack(body: bytes) -> Reaction:
    at, delivery_id, run_id, version, number, is_click = _FACTS.unpack_from(body)
    method, user_agent, address, *values = body[_FACTS.size :].decode().split("\0")
    return Reaction(
        kind="click" if is_click else "open",
        at=_EPOCH + at * _MICROSECOND,
        delivery_id=delivery_id,
        run_id=run_id,
        version=version,
        number=number,
        method=method,
        user_agent=user_agent,
        headers={name: value for name, value in zip(HEADERS, values, strict=True) if value},
        address=address,
    )


@dataclass(frozen=True, slots=True)
class Stretch:
    """Records of a spool: up to which byte they go, and how many bytes are of none."""

    reactions: list[Reaction]
    end: int
    broken: int


def read(data: bytes, *, most: int) -> Stretch:
    """The first records of these bytes, at most so many; a record cut short at the end stays."""
    found: list[Reaction] = []
    at = broken = 0
    while at < len(data) and len(found) < most:
        body = _body(data, at)
        if body is None:
            next_at = _next(data, at + 1)
            if next_at is None:
                break
            broken += next_at - at
            at = next_at
            continue
        found.append(_unpack(body))
        at += _HEAD.size + len(body)
    return Stretch(found, at, broken)


def _body(data: bytes, at: int) -> bytes | None:
    """The facts of the record that begins here, if a whole one does."""
    if at + _HEAD.size > len(data):
        return None
    mark, length, checksum = _HEAD.unpack_from(data, at)
    body = data[at + _HEAD.size : at + _HEAD.size + length]
    if mark != _MARK or len(body) != length or zlib.crc32(body) != checksum:
        return None
    return body if length >= _FACTS.size else None


def _next(data: bytes, at: int) -> int | None:
    """Where the next whole record begins."""
    while (at := data.find(_MARK, at)) >= 0:
        if _body(data, at) is not None:
            return at
        at += 1
    return None


class Spool:
    """The spool of this process: begun with its first reaction, and anew after a fork."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._pid = self._size = self._dropped = 0

    def append(self, reaction: Reaction) -> None:
        """Write it down in one write. What the disk does not take is counted as dropped."""
        record = pack(reaction)
        with self._lock:
            try:
                self._write(record)
            except OSError as error:
                if not self._dropped:
                    log.error("engagement_dropped", error=str(error)[:300])
                self._dropped += 1

    def take_dropped(self) -> int:
        """How many have been dropped since the last call."""
        with self._lock:
            count, self._dropped = self._dropped, 0
        return count

    def dropped_again(self, count: int) -> None:
        """Take back what could not be noted."""
        with self._lock:
            self._dropped += count

    def close(self) -> None:
        """Let go of the file: a successor reads it to its end and removes it."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _write(self, record: bytes) -> None:
        if self._file is None or self._pid != os.getpid() or self._size >= LARGEST:
            self._begin()
        assert self._file is not None
        written = self._file.write(record)
        if written != len(record):
            os.ftruncate(self._file.fileno(), self._size)
            raise OSError("the disk took a part of a record only")
        self._size += len(record)

    def _begin(self) -> None:
        """Another file, of a name that no file ever had."""
        if self._file is not None:
            self._file.close()
            self._file = None
        place = directory()
        place.mkdir(parents=True, exist_ok=True)
        file: BinaryIO = (place / f"engagement-{os.getpid()}-{secrets.token_hex(6)}").open(
            "ab", buffering=0
        )
        if not try_lock(file):  # a reader is just trying whether it is in use
            file.close()
            raise OSError(f"{file.name} is locked by another process")
        self._file, self._pid, self._size = file, os.getpid(), 0
