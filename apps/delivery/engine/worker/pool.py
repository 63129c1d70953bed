"""Who works: threads per account and lane beside a scheduler, or the caller in a command."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from apps.core.errors import Refused
from apps.core.responses.stored import refused
from apps.delivery import accounts
from apps.delivery.accounts import state_row
from apps.delivery.engine.routing.routes import defer_route
from apps.delivery.engine.runs import queue
from apps.delivery.engine.runs.launch import freeze_all
from apps.delivery.engine.worker.worker import Halt, Worker, WorkerSettings
from apps.mailings.ledger import runs
from apps.mailings.models import Run

log = structlog.get_logger(__name__)

#: Messages to one recipient that one account sends at a time.
MAX_URGENT_WORKERS: Final = 4


def urgent_workers(account: str) -> int:
    """How many may serve its urgent lane at a time, so that one that hangs does not hold the next.

    Each has one connection. An account that is not declared any more needs one.
    """
    declared = settings.ACCOUNTS.get(account)
    return min(declared.max_connections, MAX_URGENT_WORKERS) if declared else 1


class LocalRunLocks:
    """The runs that this process's threads are sending: no two of them take the same one.

    ``join``: so many workers of all processes may send one run; None: any number.
    """

    def __init__(self, *, join: int | None = None) -> None:
        self._join = join
        self._runs: set[int] = set()
        self._lock = threading.Lock()

    @contextmanager
    def next_run(self, account: str, *, urgent: bool) -> Iterator[int | None]:
        """The run to work on now, kept from the others until it is left."""
        with self._lock:
            run_id = queue.next_run(account, urgent=urgent, without=self._runs, join=self._join)
            if run_id is not None:
                self._runs.add(run_id)
        try:
            yield run_id
        finally:
            with self._lock:
                self._runs.discard(run_id or 0)


def drain_lane(
    account: str,
    *,
    urgent: bool,
    settings: WorkerSettings,
    stop: threading.Event,
    run_locks: LocalRunLocks | None = None,
) -> None:
    """Work one lane of the account's queue until nothing in it can be done now, or stopped."""
    run_locks = run_locks or LocalRunLocks()
    left: tuple[int, str] | None = None
    while not stop.is_set():
        with run_locks.next_run(account, urgent=urgent) as run_id:
            if run_id is None or (left is not None and run_id == left[0] and _still_on(*left)):
                # Queued again at once: the rest belongs to another worker. The next tick sees.
                return
            halt, channel = send_run(run_id, settings=settings, stop=stop)
            if halt is not Halt.OVER:
                return
            left = None if queue.waits_again(run_id, account) else (run_id, channel)


def _still_on(run_id: int, channel: str) -> bool:
    return Run.objects.filter(pk=run_id, channel=channel).exists()


def send_run(run_id: int, *, settings: WorkerSettings, stop: threading.Event) -> tuple[Halt, str]:
    """Send one run from this thread, over the channel that it is on. Returns that, too."""
    run = Run.objects.select_related("mailing").get(pk=run_id)
    try:
        account = accounts.declared(run.account)
        if run.urgent:  # for one message one connection
            account = replace(account, max_connections=1)
        worker = Worker(run=run, account=account, settings=settings, stop=stop)
    except Refused as refusal:
        # The declaration changed after the launch: it must be fixed, no delivery is spent.
        with transaction.atomic():
            locked = runs.lock(run_id)
            if locked is not None:
                defer_route(locked, Run.Reason.ACCOUNT_DISABLED, None, refused(refusal))
        return Halt.OVER, run.channel
    return worker.work(), run.channel


class WorkerPool:
    """The sending threads of a scheduler's process. ``settings`` is asked anew for every thread."""

    def __init__(self, settings: Callable[[], WorkerSettings]) -> None:
        self._settings = settings
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._run_locks = LocalRunLocks()
        self._preparer: threading.Thread | None = None
        self._freezing = False
        #: True when audiences may have come after the preparer looked last.
        self._freeze_again = False
        #: Which lane a thread serves; None when it has found nothing more to do there.
        self._threads: dict[threading.Thread, tuple[str, bool] | None] = {}
        #: Lanes to which something may have come after their threads looked last.
        self._again: set[tuple[str, bool]] = set()

    def ensure_workers(self) -> None:
        """Have threads for every account with work: for each run that may be sent now, and for each
        message to one. Audiences are frozen beside them, whatever is being sent."""
        if queue.runs_to_freeze():
            self._start_preparing()
        for account, waiting in queue.accounts_with_work(urgent=True).items():
            self._start_workers(account, True, waiting, workers=urgent_workers(account))
        for account, waiting in queue.accounts_with_work(urgent=False).items():
            self._start_workers(
                account, False, waiting, workers=state_row(account).max_processing_runs
            )

    def _start_workers(self, account: str, urgent: bool, wanted: int, *, workers: int) -> None:
        name = f"sender-{account}{'-urgent' if urgent else ''}"
        with self._lock:
            if self._stop.is_set():
                return
            self._threads = {one: lane for one, lane in self._threads.items() if one.is_alive()}
            serving = list(self._threads.values()).count((account, urgent))
            if serving:
                self._again.add((account, urgent))
            for _ in range(min(wanted if urgent else wanted - serving, workers - serving)):
                thread = threading.Thread(
                    target=self._drain_lane, args=(account, urgent), name=name
                )
                self._threads[thread] = account, urgent
                thread.start()

    def stop(self) -> None:
        """End in order: finish what is in flight, record it, release the rest."""
        self._stop.set()
        with self._lock:
            threads = [*self._threads, *([self._preparer] if self._preparer else [])]
        for thread in threads:
            thread.join()

    def _start_preparing(self) -> None:
        with self._lock:
            if self._stop.is_set():
                return
            if self._freezing:
                self._freeze_again = True
                return
            self._freezing = True
            self._preparer = threading.Thread(target=self._prepare, name="preparer")
            self._preparer.start()

    def _prepare(self) -> None:
        done = False
        try:
            while not done:
                freeze_all(self._stop, self.ensure_workers)
                done = self._preparer_left()
        except DatabaseError as error:
            log.error("preparer_lost_its_database", error=str(error)[:200])
        finally:
            if not done:
                self._freezing = False
            connection.close()

    def _preparer_left(self) -> bool:
        """True if all are frozen, unless another tick came while it was ending."""
        with self._lock:
            self._freezing, self._freeze_again = self._freeze_again, False
            return not self._freezing

    def _drain_lane(self, account: str, urgent: bool) -> None:
        try:
            while True:
                drain_lane(
                    account,
                    urgent=urgent,
                    settings=self._settings(),
                    stop=self._stop,
                    run_locks=self._run_locks,
                )
                if self._worker_left(account, urgent):
                    return
        except DatabaseError as error:
            # The next look starts a new thread; what this one held is in its journal.
            log.error("sender_lost_its_database", account=account, error=str(error)[:200])
        finally:
            connection.close()

    def _worker_left(self, account: str, urgent: bool) -> bool:
        """True if its work is done, unless another tick came while it was ending."""
        with self._lock:
            if (account, urgent) in self._again:
                self._again.remove((account, urgent))
                return False
            self._threads[threading.current_thread()] = None
            return True
