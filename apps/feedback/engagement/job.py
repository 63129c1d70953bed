"""The reader of the spools: what serving processes wrote down is counted, and then forgotten."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from django.db import transaction
from django.utils import timezone

from apps.core.contracts import BackgroundJob
from apps.core.files.locking import try_lock
from apps.feedback.engagement import spool
from apps.feedback.engagement.ingest import ingest, take_in_waiting
from apps.mailings.models import EngagementSpool, WaitingEngagement

log = structlog.get_logger(__name__)

#: Records of one transaction, and bytes that hold as many of them.
RECORDS: Final = 2000
_BYTES: Final = 2_000_000
#: More than the bytes of one record.
_ONE: Final = 70_000
#: While something comes in, it is looked for again after so many seconds, for so many of a turn.
_PAUSE: Final = 0.5
_TURN: Final = 4.0
#: A file without a record may be about to get its first one.
_EMPTY_FOR: Final = 60.0


class EngagementIntake(BackgroundJob):
    """Counts what stands in the spools of this machine's processes, living and dead."""

    name = "engagement"
    every_tick = True

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        until = time.monotonic() + _TURN
        while not stopping() and count_all(stopping) and time.monotonic() < until:
            time.sleep(_PAUSE)


def count_all(stopping: Callable[[], bool]) -> int:
    """Read every spool to its end. Returns how many reactions were counted."""
    counted = 0
    offsets = _offsets()
    for file in files():
        if _is_read(file, offsets.get(file.name, 0)):
            continue
        while not stopping() and (count := count_some(file, now=timezone.now())):
            counted += count
    if WaitingEngagement.objects.exists():
        take_in_waiting(now=timezone.now())
    return counted


def _offsets() -> dict[str, int]:
    return dict(EngagementSpool.objects.values_list("name", "offset"))


def _is_read(file: Path, offset: int) -> bool:
    """True for one that is in use, and read to its end."""
    try:
        return 0 < file.stat().st_size == offset and not _is_finished(file, offset)
    except FileNotFoundError:
        return True


def files() -> list[Path]:
    """The spools that lie here."""
    return sorted(spool.directory().glob("engagement-*"))


@transaction.atomic
def count_some(file: Path, *, now: datetime) -> int:
    """Count the next records, and how far that goes, in one transaction. Returns how many.

    Who holds the spool's row reads it. One that was read to its end, and whose process is gone,
    is removed before its row is: what is counted can never be read again.
    """
    EngagementSpool.objects.get_or_create(name=file.name)
    rows = EngagementSpool.objects.select_for_update(skip_locked=True)
    row = rows.filter(name=file.name).first()
    if row is None:
        return 0
    stretch = spool.read(_bytes(file, row.offset), most=RECORDS)
    if not stretch.reactions:
        if _is_finished(file, row.offset):
            file.unlink(missing_ok=True)
        if not (row.dropped or file.exists()):
            row.delete()
        return 0
    if stretch.broken:
        log.warning("engagement_torn", spool=file.name, bytes=stretch.broken)
    ingest(stretch.reactions, now)
    EngagementSpool.objects.filter(pk=row.pk).update(
        offset=row.offset + stretch.end, counted_at=now
    )
    return len(stretch.reactions)


def _bytes(file: Path, offset: int) -> bytes:
    """What follows; nothing of a file that another process has just removed."""
    try:
        with file.open("rb") as opened:
            opened.seek(offset)
            return opened.read(_BYTES)
    except FileNotFoundError:
        return b""


def _is_finished(file: Path, offset: int) -> bool:
    """True if nothing more will come: its process is gone, and a whole record is not left."""
    try:
        with file.open("r+b", buffering=0) as opened:
            if not try_lock(opened):
                return False
            state = os.fstat(opened.fileno())
            if state.st_size == 0:
                return time.time() - state.st_mtime > _EMPTY_FOR
            return not spool.read(_bytes(file, offset), most=1).reactions
    except FileNotFoundError:
        return False


def lag(now: datetime) -> float:
    """Seconds for which the oldest reaction that is not counted has waited here."""
    return max((max((now - at).total_seconds(), 0.0) for at in _oldest()), default=0.0)


def _oldest() -> Iterator[datetime]:
    offsets = _offsets()
    for file in files():
        found = spool.read(_bytes(file, offsets.get(file.name, 0))[:_ONE], most=1)
        if found.reactions:
            yield found.reactions[0].at


def keep_dropped(now: datetime, count: int, name: str) -> None:
    """Note how many reactions this process could not write down."""
    row, _new = EngagementSpool.objects.get_or_create(name=name)
    EngagementSpool.objects.filter(pk=row.pk).update(dropped=row.dropped + count, dropped_at=now)


def dropped(now: datetime) -> int:
    """How many were not written down within a day."""
    lately = EngagementSpool.objects.filter(dropped_at__gt=now - timedelta(days=1))
    return sum(lately.values_list("dropped", flat=True))
