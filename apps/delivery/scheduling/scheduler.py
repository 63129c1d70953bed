"""The clock of a process that sends: APScheduler says when to look, the rows say what is to do.

Any number of processes may run one: launching is guarded by the database, sending by claims.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from django_apscheduler.util import close_old_connections

from apps.core.contracts import BackgroundJob
from apps.core.slots import background_jobs
from apps.delivery.engine.worker.pool import WorkerPool
from apps.delivery.models import Heartbeat
from apps.delivery.monitoring.health import HealthMonitor
from apps.delivery.monitoring.notifications import notify_owners
from apps.delivery.selectors.panel import SCHEDULER
from apps.delivery.service import service, worker_settings

log = structlog.get_logger(__name__)

#: Seconds between two looks for dead workers and for work that another process has queued.
RECOVER = 5


def begin_due() -> None:
    """Leave a sign of life, then launch what is due and wake what has waited."""
    alive = {"beat_at": timezone.now(), "version": settings.VERSION}
    Heartbeat.objects.update_or_create(name=SCHEDULER, defaults=alive)
    service.dispatch_due()


class Scheduler:
    """Checks every few minutes, and at once when something is launched or a wait ends."""

    def __init__(self) -> None:
        self._workers = WorkerPool(worker_settings)
        self._health_monitor = HealthMonitor()
        self._round = threading.Lock()
        self._stopping = False
        self._clock = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Set the clock going. Touches no database: the first check comes after its delay."""
        first = datetime.now(UTC) + timedelta(seconds=settings.SCHEDULER_FIRST_RUN_DELAY)
        minutes = settings.SCHEDULER_CHECK_INTERVAL_MINUTES
        self._clock.add_job(
            self._check, "interval", minutes=minutes, next_run_time=first, id="check"
        )
        self._clock.add_job(
            self._watch, "interval", seconds=RECOVER, next_run_time=first, id="watch"
        )
        for job in background_jobs:
            seconds = RECOVER if job.every_tick else minutes * 60
            self._clock.add_job(
                partial(self._run_job, job),
                "interval",
                seconds=seconds,
                next_run_time=first,
                id=job.name,
            )
        service.on_work(self.wake)
        self._clock.start()
        log.info("scheduler_started", first_check=first.isoformat(), minutes=minutes)

    def wake(self) -> None:
        """Tick now: something has been launched or resumed."""
        self._at(datetime.now(UTC), "wake")

    def stop(self) -> None:
        """End in order: no new looks, and every sending thread records what it has."""
        service.on_work(None)
        self._stopping = True
        # Not waiting: it would hold the lock that a round needs to set the next moment.
        self._clock.shutdown(wait=False)
        with self._round:
            self._workers.stop()
        log.info("scheduler_stopped")

    def _at(self, moment: datetime, name: str) -> None:
        self._clock.add_job(self._watch, "date", run_date=moment, id=name, replace_existing=True)

    @close_old_connections  # type: ignore[untyped-decorator]
    def _check(self) -> None:
        """The whole round: reconcile, launch what is due, wake what has waited."""
        self._guarded(service.reconcile)
        self._guarded(self._dispatch)
        self._guarded(lambda: self._health_monitor.check(now=timezone.now()))
        self._guarded(lambda: notify_owners(timezone.now()))

    @close_old_connections  # type: ignore[untyped-decorator]
    def _watch(self) -> None:
        """The short round, every few seconds and at every known moment."""
        self._guarded(service.recover)
        self._guarded(self._dispatch)

    @close_old_connections  # type: ignore[untyped-decorator]
    def _run_job(self, job: BackgroundJob) -> None:
        try:
            if not self._stopping:
                job.run(timezone.now(), lambda: self._stopping)
        except DatabaseError as error:
            log.error("background_job_failed", job=job.name, error=str(error)[:300])

    def _dispatch(self) -> None:
        begin_due()
        self._workers.ensure_workers()
        moment = service.next_wakeup()
        if moment is not None:
            self._at(moment, "moment")

    def _guarded(self, act: Callable[[], object]) -> None:
        """A database that is away for a moment must not end the clock."""
        try:
            with self._round:
                if not self._stopping:
                    act()
        except DatabaseError as error:
            log.error("scheduler_round_failed", error=str(error)[:300])


_running: Scheduler | None = None


def start_in_background() -> None:
    """Start this process's scheduler, once."""
    global _running
    if _running is None:
        _running = Scheduler()
        _running.start()


def wake() -> None:
    """Make it tick now. Does nothing when it does not run."""
    if _running is not None:
        _running.wake()


def stop() -> None:
    """End it in order. Does nothing when it does not run."""
    global _running
    if _running is not None:
        _running.stop()
        _running = None
