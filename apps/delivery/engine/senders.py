"""Who works: a thread per account and lane in a serving process, or the caller in a command."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import structlog
from django.db import DatabaseError, connection, transaction

from apps.core.errors import Refused
from apps.delivery import accounts
from apps.delivery.engine import queue
from apps.delivery.engine.launch import prepare
from apps.delivery.engine.ways import put_off
from apps.delivery.engine.worker import Halt, Terms, Worker
from apps.mailings.ledger import runs
from apps.mailings.models import Run

log = structlog.get_logger(__name__)


def serve_account(account: str, *, urgent: bool, terms: Terms, stop: threading.Event) -> None:
    """Work one lane of the account's queue until nothing in it can be done now, or told to stop."""
    left: tuple[int, str] | None = None
    while not stop.is_set():
        preparing = queue.next_to_prepare(account, urgent=urgent)
        if preparing is not None:
            prepare(preparing, stop)
            continue
        run_id = queue.next_run(account, urgent=urgent)
        if run_id is None or (left is not None and run_id == left[0] and _still_on(*left)):
            # Its turn again at once: what is left is in another worker's hands. The next look sees.
            return
        halt, channel = send_run(run_id, terms=terms, stop=stop)
        if halt is not Halt.OVER:
            return
        left = (run_id, channel)


def _still_on(run_id: int, channel: str) -> bool:
    return Run.objects.filter(pk=run_id, channel=channel).exists()


def send_run(run_id: int, *, terms: Terms, stop: threading.Event) -> tuple[Halt, str]:
    """Send one run from this thread, over the channel that it is on. Returns that, too."""
    run = Run.objects.select_related("mailing").get(pk=run_id)
    try:
        account = accounts.declared(run.account)
        if run.urgent:  # for one message one connection
            account = replace(account, max_connections=1)
        worker = Worker(run=run, account=account, terms=terms, stop=stop)
    except Refused as refusal:
        # The declaration changed after the launch: a person must mend it, nobody is burnt.
        with transaction.atomic():
            locked = runs.lock(run_id)
            if locked is not None:
                put_off(locked, Run.Reason.ACCOUNT_DISABLED, None, str(refusal))
        return Halt.OVER, run.channel
    return worker.work(), run.channel


class Senders:
    """The sending threads of a serving process. ``terms`` is asked anew for every thread."""

    def __init__(self, terms: Callable[[], Terms]) -> None:
        self._terms = terms
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads: dict[tuple[str, bool], threading.Thread] = {}

    def look(self) -> None:
        """Start a thread for every account and lane that has work and no thread yet."""
        for urgent in (True, False):
            for account in queue.accounts_with_work(urgent=urgent):
                self._begin(account, urgent)

    def _begin(self, account: str, urgent: bool) -> None:
        with self._lock:
            thread = self._threads.get((account, urgent))
            if self._stop.is_set() or (thread is not None and thread.is_alive()):
                return
            name = f"sender-{account}{'-urgent' if urgent else ''}"
            thread = threading.Thread(target=self._serve, args=(account, urgent), name=name)
            self._threads[account, urgent] = thread
            thread.start()

    def stop(self) -> None:
        """End in order: finish what is in the air, record it, release the rest."""
        self._stop.set()
        for thread in list(self._threads.values()):
            thread.join()

    def _serve(self, account: str, urgent: bool) -> None:
        try:
            serve_account(account, urgent=urgent, terms=self._terms(), stop=self._stop)
        except DatabaseError as error:
            # The next look starts a new thread; what this one held is in its journal.
            log.error("sender_lost_its_database", account=account, error=str(error)[:200])
        finally:
            connection.close()
