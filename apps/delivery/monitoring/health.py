"""Is this installation fit to send, and what is not as it should be.

The findings behind ``/readyz``, ``/metrics``, the log's alerts and the home page of those who
oversee.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Exists, OuterRef, Sum
from django.utils.translation import gettext as _

from apps.core.slots import Alert, alert_sources
from apps.delivery.models import AccountState, WorkerLease
from apps.delivery.selectors.panel import scheduler_moments
from apps.mailings.models import Run

log = structlog.get_logger(__name__)

#: A scheduler that has missed this many ticks is taken for dead.
MISSED_TICKS = 3


@dataclass(frozen=True, slots=True)
class Health:
    """The findings. ``heartbeat_age`` is in seconds, None when no scheduler has ever run.

    ``queue_depth`` counts the runs of mailings that are not done, ``transactional`` those of
    one recipient. ``crowded`` are accounts on which more runs are being sent than are allowed.
    ``crashed_at`` is when a scheduler's process that a site watches crashed, a while ago;
    ``further`` is what the apps above have found.
    """

    database: bool
    heartbeat_age: float | None = None
    scheduler: bool = False
    crashed_at: datetime | None = None
    stuck_leases: int = 0
    queue_depth: int = 0
    transactional: int = 0
    unknown: int = 0
    crowded: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    further: tuple[Alert, ...] = ()

    @property
    def ready(self) -> bool:
        return self.database and self.scheduler and self.stuck_leases == 0

    @property
    def codes(self) -> list[str]:
        """A stable word for everything that is not as it should be."""
        found = {
            "database_away": not self.database,
            "scheduler_stale": self.database and not self.scheduler,
            "scheduler_crashed": self.crashed_at is not None,
            "leases_stuck": self.stuck_leases > 0,
            "account_crowded": bool(self.crowded),
            "account_down": bool(self.down),
            "unknown_deliveries": self.unknown > 0,
            "queue_deep": self.queue_depth > settings.WATCH_QUEUE_DEPTH,
        }
        return [code for code, wrong in found.items() if wrong] + [one.code for one in self.further]


def check_health(*, now: datetime) -> Health:
    """Check the database, the scheduler, the workers and the queue. Never raises for them."""
    try:
        beat, crash = scheduler_moments()
        age = (now - beat).total_seconds() if beat else None
        rows = Run.objects.exclude(state=Run.State.DONE).order_by().values_list("urgent")
        open_runs = dict(rows.annotate(n=Count("pk")))
        down = AccountState.objects.filter(
            state=AccountState.State.DOWN, name__in=settings.ACCOUNTS
        )
        return Health(
            database=True,
            heartbeat_age=age,
            scheduler=age is not None and age <= heartbeat_limit().total_seconds(),
            crashed_at=crash if crash and now - crash <= heartbeat_limit() else None,
            stuck_leases=stuck_leases(),
            queue_depth=open_runs.get(False, 0),
            transactional=open_runs.get(True, 0),
            unknown=Run.objects.filter(unknown__gt=0).aggregate(n=Sum("unknown"))["n"] or 0,
            crowded=_crowded(),
            down=tuple(down.values_list("name", flat=True)),
            further=tuple(alert for source in alert_sources for alert in source(now)),
        )
    except DatabaseError:
        return Health(database=False)


def heartbeat_limit() -> timedelta:
    """How old the scheduler's heartbeat may be: some ticks, and half a minute for a slow start."""
    minutes = settings.SCHEDULER_CHECK_INTERVAL_MINUTES * MISSED_TICKS
    return timedelta(minutes=minutes) + timedelta(seconds=30)


def stuck_leases() -> int:
    """Runs with deliveries in flight and no worker left to settle them."""
    workers = WorkerLease.objects.filter(run_id=OuterRef("pk"))
    alive = workers.filter(ended_at__isnull=True, revoked_at__isnull=True)
    return Run.objects.filter(Exists(workers), ~Exists(alive), sending__gt=0).count()


def _crowded() -> tuple[str, ...]:
    """Accounts on which more runs are being sent than ``max_processing_runs``.

    Urgent ones have their own lane, in which there may be any number.
    """
    rows = Run.objects.filter(state=Run.State.PROCESSING, urgent=False)
    sending = rows.order_by().values("account")
    counts = dict(sending.annotate(n=Count("pk")).values_list("account", "n"))
    allowed = dict(
        AccountState.objects.filter(name__in=counts).values_list("name", "max_processing_runs")
    )
    return tuple(sorted(name for name, n in counts.items() if n > allowed.get(name, 1)))


class HealthMonitor:
    """Logs what is wrong, once when it begins and once when it is over."""

    def __init__(self) -> None:
        self._reported: set[str] = set()

    def check(self, *, now: datetime) -> Health:
        health = check_health(now=now)
        wrong = set(health.codes)
        for code in sorted(wrong - self._reported):
            log.error(
                "alert",
                code=code,
                unknown=health.unknown,
                queue_depth=health.queue_depth,
                stuck_leases=health.stuck_leases,
                accounts=[*health.crowded, *health.down],
            )
        for code in sorted(self._reported - wrong):
            log.info("alert_over", code=code)
        self._reported = wrong
        return health


def alert_text(health: Health) -> list[str]:
    """What is wrong, in the reader's language, for those who oversee."""
    names = ", ".join(health.crowded)
    down = ", ".join(health.down)
    labels = {
        "database_away": _("The database cannot be reached."),
        "scheduler_stale": _(
            "The scheduler has not responded for a while; scheduled mailings won’t start."
        ),
        "scheduler_crashed": _(
            "The process that sends crashed and was started again: see the log."
        ),
        "leases_stuck": _("Deliveries of a crashed worker are being recovered."),
        "account_crowded": _("Too many runs at a time on %(names)s.") % {"names": names},
        "account_down": _("These accounts need attention: %(names)s.") % {"names": down},
        "unknown_deliveries": _("%(count)d deliveries have an unknown outcome.")
        % {"count": health.unknown},
        "queue_deep": _("%(count)d runs are in the queue.") % {"count": health.queue_depth},
    }
    labels |= {one.code: one.text for one in health.further}
    return [labels[code] for code in health.codes]
