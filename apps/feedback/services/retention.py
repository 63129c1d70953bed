"""Events that are old enough are forgotten; what followed from them stays with the deliveries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from apps.core.contracts import BackgroundJob
from apps.feedback.models import Event

log = structlog.get_logger(__name__)

#: A year, and a month for comparisons with last year's month. An event is needed for
#: its delivery's page, for three soft bounces in a row, and against being applied twice, which the
#: age of signatures bounds to an hour. It holds an address, so it is not kept for ever.
KEPT: Final = timedelta(days=400)
#: Rows of one statement.
CHUNK: Final = 5000


class EventRetention(BackgroundJob):
    """Drops what is too old, a chunk at a time."""

    name = "old_events"

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        count = 0
        while not stopping() and (gone := forget_old(now=now)):
            count += gone
        if count:
            log.info("events_forgotten", count=count)


def forget_old(*, now: datetime) -> int:
    """Drop the old ones among the first ``CHUNK`` events, which came first. Returns how many."""
    limit = now - KEPT
    oldest = Event.objects.order_by("pk").values_list("received_at", flat=True).first()
    if oldest is None or oldest >= limit:
        return 0
    first = Event.objects.order_by("pk").values("pk")[:CHUNK]
    return Event.objects.filter(pk__in=first, received_at__lt=limit).delete()[0]
