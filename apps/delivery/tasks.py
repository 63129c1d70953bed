"""Celery's entry to the engine: its tasks call what the scheduler of a serving process calls.

A task is "work on this account for up to a minute", never one letter. Any number of them may run at
once, and any of them may be lost or come twice.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from celery import shared_task, signals
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from apps.core.slots import background_jobs
from apps.delivery.accounts import state_row
from apps.delivery.engine.runs import queue
from apps.delivery.engine.runs.launch import freeze_all
from apps.delivery.engine.worker.pool import LocalRunLocks, drain_lane, urgent_workers
from apps.delivery.monitoring.health import HealthMonitor
from apps.delivery.monitoring.notifications import notify_owners
from apps.delivery.scheduling.advisory_slots import held, key_of, leave, leaving, slot, time_slice
from apps.delivery.scheduling.scheduler import RECOVER, begin_due
from apps.delivery.service import service, worker_settings

log = structlog.get_logger(__name__)

#: Seconds after which a task gives its worker back, so that others have their turn.
TIME_SLICE: Final = 60.0
#: Seconds after which a message that nobody has taken is not worth taking any more.
STALE: Final = 60

_health_monitor = HealthMonitor()
signals.worker_shutting_down.connect(leave)


@signals.worker_ready.connect  # type: ignore[untyped-decorator]
def _begin_to_recover(**_: object) -> None:
    """On every machine that sends: only there the journal of a killed process can be read.

    In the worker itself, which forks and does not send, so however busy its processes are.
    """
    threading.Thread(target=_recover, name="recovery", daemon=True).start()


def _recover() -> None:
    while not leaving():
        try:
            _guarded("recover", service.recover)
        except Exception:  # whatever it was, there must be a next round
            log.exception("recovery_failed")
        finally:
            connection.close()  # not to be inherited by a process that is forked meanwhile
        time.sleep(RECOVER)


@shared_task(name="delivery.look")  # type: ignore[untyped-decorator]
def tick() -> None:
    """The short round, every few seconds and at every launch."""
    _guarded("look", _dispatch)


@shared_task(name="delivery.check")  # type: ignore[untyped-decorator]
def reconcile() -> None:
    """The whole round: reconcile, launch what is due, wake what has waited."""
    _guarded("check", service.reconcile)
    _guarded("check", _dispatch)
    _guarded("check", lambda: _health_monitor.check(now=timezone.now()))
    _guarded("check", lambda: notify_owners(timezone.now()))


@shared_task(name="delivery.beside")  # type: ignore[untyped-decorator]
def run_background_job(name: str) -> None:
    """Run one background job, unless another process runs it."""
    (job,) = (one for one in background_jobs if one.name == name)
    _guarded(name, lambda: _slice(name, job.run))


@shared_task(name="delivery.prepare")  # type: ignore[untyped-decorator]
def prepare() -> None:
    """Freeze the audiences that wait for it, unless another process does."""
    _guarded("prepare", _prepare)


@shared_task(name="delivery.work")  # type: ignore[untyped-decorator]
def work_lane(account: str, urgent: bool) -> None:
    """Work one lane of the account for one time slice, if a slot is free; then ask for the next."""
    _guarded(f"work {account}", lambda: _work(account, urgent))


def wake() -> None:
    """Ask for a tick now. Without the broker nothing is called: the next tick finds it."""
    _ask(tick)


def beat_schedule() -> dict[str, dict[str, Any]]:
    """What Celery's beat asks for, and how often."""
    often, seldom = float(RECOVER), settings.SCHEDULER_CHECK_INTERVAL_MINUTES * 60
    table = {
        "look": {"task": "delivery.look", "schedule": often},
        "check": {"task": "delivery.check", "schedule": seldom},
    }
    for job in background_jobs:
        pace = often if job.every_tick else seldom
        table[job.name] = {"task": "delivery.beside", "schedule": pace, "args": (job.name,)}
    return {name: {**entry, "options": {"expires": STALE}} for name, entry in table.items()}


def _dispatch() -> None:
    begin_due()
    if queue.runs_to_freeze():
        _ask(prepare, queue="work")
    sitting = held()
    for urgent in (True, False):
        for account, waiting in queue.accounts_with_work(urgent=urgent).items():
            free = _lane_slots(account, urgent) - sitting[key_of(_lane(account, urgent))]
            for _ in range(min(free, waiting) if urgent else free):
                _ask_to_work(account, urgent)


def _prepare() -> None:
    with slot("prepare") as mine:
        if not mine:
            return
        with time_slice(TIME_SLICE) as stop:
            freeze_all(stop, lambda: _ask(tick))


def _work(account: str, urgent: bool) -> None:
    with slot(_lane(account, urgent), of=_lane_slots(account, urgent)) as mine:
        if not mine:
            return
        with time_slice(TIME_SLICE) as stop:
            run_locks = LocalRunLocks(join=_workers(account))
            drain_lane(
                account, urgent=urgent, settings=worker_settings(), stop=stop, run_locks=run_locks
            )
    unfinished = stop.is_set() and account in queue.accounts_with_work(urgent=urgent)
    # A tick while this slot was about to be released has asked nobody.
    if unfinished or queue.may_begin(account, urgent=urgent):
        _ask_to_work(account, urgent)


def _slice(name: str, turn: Callable[[Any, Callable[[], bool]], None]) -> None:
    until = time.monotonic() + TIME_SLICE
    with slot(f"job {name}") as mine:
        if mine:
            turn(timezone.now(), lambda: leaving() or time.monotonic() >= until)


def _lane(account: str, urgent: bool) -> str:
    return f"account {account}{' urgent' if urgent else ''}"


def _lane_slots(account: str, urgent: bool) -> int:
    """How many workers may serve it at a time. One that is not declared any more needs one."""
    if urgent:
        return urgent_workers(account)
    return max(_workers(account), state_row(account).max_processing_runs)


def _workers(account: str) -> int:
    """How many may send one run at a time."""
    declared = settings.ACCOUNTS.get(account)
    return declared.workers if declared else 1


def _ask_to_work(account: str, urgent: bool) -> None:
    """What is urgent waits neither behind large mailings nor in the way of the clock."""
    _ask(work_lane, account, urgent, queue="urgent" if urgent else "work")


def _ask(task: Any, *args: object, queue: str = "clock") -> None:
    try:
        task.apply_async(args=args, queue=queue, expires=STALE)
    except OperationalError as error:
        log.warning("broker_away", task=task.name, error=str(error)[:200])


def _guarded(name: str, act: Callable[[], object]) -> None:
    """A database that is away for a moment is the next tick's business."""
    try:
        act()
    except DatabaseError as error:
        log.error("task_lost_its_database", task=name, error=str(error)[:300])
        connection.close()
