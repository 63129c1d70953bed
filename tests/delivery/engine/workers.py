"""Tools of the engine's tests: a run in the queue, and workers that can die."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from django.db import transaction
from django.db.models import Count

from apps.core.contracts import Claimed
from apps.delivery.accounts import declared
from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.engine.runs.queue import next_run
from apps.delivery.engine.worker.lease import Lease
from apps.delivery.service import DispatchService
from apps.mailings.ledger import dialect, runs
from apps.mailings.ledger.claim import Asked, claim
from apps.mailings.models import Delivery, Mailing, Run
from apps.mailings.models.ledger import STATES, LeftOut
from tests.factories import mailing_to


def send(mailing: Mailing, service: DispatchService | None = None) -> Run:
    """Launch and send in this thread, until nothing can be done now."""
    service = service or DispatchService()
    launched = service.launch(mailing_id=mailing.pk, trigger="manual")
    service.work_until(launched.run_id, threading.Event())
    return Run.objects.get(pk=launched.run_id)


def processing_run(count: int) -> Run:
    """A run with ``count`` pending deliveries, whose turn it is."""
    mailing = mailing_to(count)
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    freeze_audience(launched.run_id)
    assert next_run(mailing.account) == launched.run_id
    return Run.objects.get(pk=launched.run_id)


def assert_equation(run: Run) -> None:
    """The counters are what the rows say, and add up."""
    run.refresh_from_db()
    counted = {state: Delivery.objects.filter(run=run, state=state).count() for state in STATES}
    assert counted == {state: getattr(run, state) for state in STATES}
    assert sum(counted.values()) == run.audience
    reasons = Delivery.objects.filter(run=run).exclude(left_out="").order_by()
    left_out = dict(reasons.values_list("left_out").annotate(Count("pk")))
    assert left_out == {
        code: count for code in LeftOut.values if (count := getattr(run, f"left_{code}"))
    }
    assert sum(left_out.values()) == run.suppressed


class MortalWorker:
    """Claims like the real one, and dies when asked to, leaving its journal behind."""

    def __init__(self, run: Run, directory: Path, *, lines: int = 2) -> None:
        self.run = run
        self.lease = Lease(
            run_id=run.pk,
            account=replace(declared(run.account), max_connections=lines, window=50),
            directory=directory,
            seconds=15,
            now=dialect.database_now(),
        )

    def claims(self, count: int) -> list[Claimed]:
        with transaction.atomic():
            locked = self.lease.beat()
            found = claim(locked, Asked(self.lease.token), limit=count)
            runs.write_counts(locked)
        return found.claimed

    def dies(self) -> None:
        self.lease.close(in_order=False)
