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
from apps.mailings.models import Delivery, Engagement, Mailing, Run, Term
from apps.mailings.models.ledger import STATES
from apps.mailings.models.permission.left_out import LeftOut
from apps.mailings.run_content import newest_versions
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
    assert_terms(run)


def assert_terms(run: Run) -> None:
    """The terms of what was sent are what the rows say: the equation goes on after "sent"."""
    sent = Delivery.objects.filter(run=run, state__in=("sent", "delivered"))
    rows = Engagement.objects.filter(run=run, recipient__in=sent.values("recipient"))
    counted = dict(rows.order_by().values_list("term").annotate(Count("pk")))
    assert counted == {
        term: count for term in Term.values if (count := getattr(run, f"engaged_{term}"))
    }
    assert rows.filter(term=Term.PERSON, clicks__gt=0).count() == run.engaged_clicked
    assert sum(counted.values()) <= run.sent + run.delivered


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
            asked = Asked(self.lease.token, newest=newest_versions(self.run))
            found = claim(locked, asked, limit=count)
            runs.write_counts(locked)
        return found.claimed

    def dies(self) -> None:
        self.lease.close(in_order=False)
