"""Is this installation fit to send? The figures behind ``/readyz``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Q

from apps.delivery.models import WorkerLease
from apps.delivery.selectors import scheduler_beat
from apps.mailings.models import Delivery, Run

#: A scheduler that has missed this many ticks is taken for dead.
MISSED_TICKS = 3


@dataclass(frozen=True, slots=True)
class Health:
    """The findings. ``heartbeat_age`` is in seconds, None when no scheduler has ever run."""

    database: bool
    heartbeat_age: float | None = None
    scheduler: bool = False
    stuck_leases: int = 0
    queue_depth: int = 0

    @property
    def ready(self) -> bool:
        return self.database and self.scheduler and self.stuck_leases == 0


def look(*, now: datetime) -> Health:
    """Look at the database, the scheduler, the workers and the queue. Never raises for them."""
    try:
        beat = scheduler_beat()
        age = (now - beat).total_seconds() if beat else None
        return Health(
            database=True,
            heartbeat_age=age,
            scheduler=age is not None and age <= heartbeat_limit().total_seconds(),
            stuck_leases=stuck_leases(),
            queue_depth=Run.objects.exclude(state=Run.State.DONE).count(),
        )
    except DatabaseError:
        return Health(database=False)


def heartbeat_limit() -> timedelta:
    """How old the scheduler's heartbeat may be: some ticks, and half a minute for a slow start."""
    minutes = settings.SCHEDULER_CHECK_INTERVAL_MINUTES * MISSED_TICKS
    return timedelta(minutes=minutes) + timedelta(seconds=30)


def stuck_leases() -> int:
    """Leases that are over while deliveries still hang on them: nobody has settled those."""
    over = WorkerLease.objects.filter(Q(ended_at__isnull=False) | Q(revoked_at__isnull=False))
    held = Delivery.objects.filter(state=Delivery.State.SENDING).values("token")
    return over.filter(pk__in=held).count()
