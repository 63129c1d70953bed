"""Slots and time slices of Celery's workers, and the signal to leave."""

from __future__ import annotations

import mmap
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

#: Shared with the processes that a worker forks. A byte and no lock: a lock's holder may be
#: killed.
_leaving = mmap.mmap(-1, 1)
#: Seconds between two checks of it.
_POLL_SECONDS = 0.2


def leave(**_: object) -> None:
    """This worker has been asked to stop: every shift of its processes ends. Safe in a handler."""
    _leaving[0] = 1


def leaving() -> bool:
    """True if this worker has been asked to stop."""
    return _leaving[0] == 1


def key_of(name: str) -> int:
    """The first half of the lock's key: 32 bits with a sign."""
    return zlib.crc32(name.encode()) - 2**31


@contextmanager
def slot(name: str, *, of: int = 1) -> Iterator[bool]:
    """Hold one of ``of`` slots at ``name``, among all processes; False when all are held.

    A session's lock of PostgreSQL: it goes with the connection, so a killed one frees its slot
    at once. Slots save work; that nothing is sent twice is ensured by the claims.
    """
    key = key_of(name)
    with connection.cursor() as cursor:
        for number in range(of):
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [key, number])
            if cursor.fetchone()[0]:
                break
        else:
            yield False
            return
    try:
        yield True
    finally:
        # Without the connection there is no lock any more, and there may be a new connection.
        if connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [key, number])


def held() -> Counter[int]:
    """How many slots are held, by the ``key_of`` their name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT classid::bigint, count(*) FROM pg_locks"
            " WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database()) GROUP BY classid"
        )
        # A key that was given with a sign comes back without one.
        return Counter({(key + 2**31) % 2**32 - 2**31: count for key, count in cursor.fetchall()})


@contextmanager
def time_slice(seconds: float) -> Iterator[threading.Event]:
    """An event that is set after so many seconds, or when this worker is asked to stop."""
    stop, over = threading.Event(), threading.Event()
    until = time.monotonic() + seconds

    def watch() -> None:
        while not over.wait(_POLL_SECONDS):
            if leaving() or time.monotonic() >= until:
                stop.set()
                return

    watcher = threading.Thread(target=watch, name="shift")
    watcher.start()
    try:
        yield stop
    finally:
        over.set()
        watcher.join()
