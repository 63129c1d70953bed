"""What a serving process does beside its answers, in a thread of its own.

It notes what the disk did not take, and reads the spools itself where no scheduler does so.
"""

from __future__ import annotations

import os
import threading
from typing import Final

import structlog
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from apps.feedback.engagement import job
from apps.feedback.engagement.spool import Spool

log = structlog.get_logger(__name__)

#: Seconds between two looks, and after which reactions are taken to be read by nobody else.
_PAUSE: Final = 5.0
_UNREAD: Final = 15.0


class Keeper:
    """Looks after the spool of this process from its first reaction on, after a fork anew."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._lock = threading.Lock()
        self._pid = 0

    def start(self) -> None:
        """Begin, unless it has begun in this process."""
        if self._pid == os.getpid():
            return
        with self._lock:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                threading.Thread(target=self._keep, name="engagement", daemon=True).start()

    def check(self) -> None:
        """One check."""
        now = timezone.now()
        count = self._spool.take_dropped()
        if count:
            try:
                job.keep_dropped(now, count, f"dropped-{os.getpid()}")
            except DatabaseError:
                self._spool.dropped_again(count)
                raise
        if job.lag(now) > _UNREAD:
            job.count_all(lambda: False)

    def _keep(self) -> None:
        pause = threading.Event()
        while not pause.wait(_PAUSE):
            try:
                self.check()
            except (DatabaseError, OSError) as error:
                log.error("engagement_not_kept", error=str(error)[:300])
            finally:
                close_old_connections()
