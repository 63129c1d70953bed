"""Every table of figures is summed up against the deliveries themselves."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core.contracts import Actor
from apps.mailings.models import Delivery, Mailing, Run
from apps.mailings.models.ledger import STATES
from apps.mailings.selectors.totals import Figures
from apps.reports.daily_report import parts_of, sums_of
from tests.factories import (
    AttemptFactory,
    DeliveryFactory,
    MailingFactory,
    ManagerFactory,
    RunFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def filled_run(mailing: Mailing, weight: int) -> Run:
    """A run with some deliveries in every state, and the counters that the ledger keeps."""
    now = timezone.now()
    counts = {state: weight + place % 3 for place, state in enumerate(STATES)}
    run = RunFactory.create(
        mailing=mailing, state="processing", started_at=now, last_progress_at=now, **counts
    )
    for place, (state, count) in enumerate(counts.items()):
        for number in range(count):
            address = f"{state}{number}@{'one' if number % 2 else 'two'}{place % 2}.example"
            delivery = DeliveryFactory.create(
                run=run, state=state, address=address, token=int(state == "sending")
            )
            if state in ("sent", "delivered", "bounced", "failed", "unknown"):
                AttemptFactory.create(delivery=delivery, created_at=now)
    return run


@pytest.fixture
def runs() -> list[Run]:
    mine, theirs = UserFactory.create(), UserFactory.create()
    first, second = MailingFactory.create(owner=mine), MailingFactory.create(owner=mine)
    third = MailingFactory.create(owner=theirs)
    return [filled_run(first, 1), filled_run(second, 2), filled_run(third, 3)]


def in_ledger(**which: Any) -> Figures:
    """Counted delivery by delivery."""
    return Figures(Counter(Delivery.objects.filter(**which).values_list("state", flat=True)))


def named(figures: Figures) -> dict[str, Any]:
    names = (
        "audience",
        "sent",
        "confirmed",
        "bounced",
        "failed",
        "skipped",
        "unknown",
        "remaining",
    )
    return {name: getattr(figures, name) for name in (*names, "not_delivered", "rate")}


def client_of(user: Actor) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def test_the_report_of_every_mailing_and_its_runs(runs: list[Run]) -> None:
    for run in runs:
        client = client_of(run.mailing.owner)
        page = client.get(reverse("reports:mailing", args=[run.mailing_id])).context
        expected = in_ledger(run=run)
        assert named(page["figures"]) == named(expected)
        ((_run, figures),) = page["runs"]
        assert named(figures) == named(expected)
        tried = expected.sent + expected.failed
        for rows in (page["counted"].days, page["counted"].hours, page["times"]):
            assert sum(good for _when, good, _bad in rows) == expected.sent
            assert sum(good + bad for _when, good, bad in rows) == tried
        assert sum(row.figures.sent for row in page["domains"]) == expected.sent
        assert sum(row.figures.not_delivered for row in page["domains"]) == expected.not_delivered
        assert sum(group.count for group in page["counted"].reasons) == (
            expected.bounced + expected.failed + expected.unknown
        )


@pytest.mark.parametrize("days", [None, 1])
def test_the_reports_of_all(runs: list[Run], days: int | None) -> None:
    """Over all time, and over the day on which everything was tried."""
    today = timezone.localdate()
    params = {"since": (today - timedelta(days=days)).isoformat()} if days else {}
    page = client_of(ManagerFactory.create()).get(reverse("management:reports"), params).context
    which: dict[str, Any] = {}
    if days:
        which["state__in"] = ("sent", "delivered", "bounced", "failed", "unknown")
    assert named(page["totals"].figures) == named(in_ledger(**which))
    for line in page["lines"]:
        assert named(line.figures) == named(in_ledger(run__mailing=line.mailing, **which))
    for email, figures in page["owners"]:
        assert named(figures) == named(in_ledger(run__mailing__owner__email=email, **which))
    assert len(page["owners"]) == 2


def test_the_daily_report(runs: list[Run]) -> None:
    day, now = timezone.localdate(), timezone.now()
    sums = sums_of(day, now)
    tried = ("sent", "delivered", "bounced", "failed", "unknown")
    assert named(sums.totals().figures) == named(in_ledger(state__in=tried))
    parts = parts_of(day, sums)
    assert {part.run for part in parts} == set(runs)
    for part in parts:
        assert named(part.figures) == named(in_ledger(run=part.run, state__in=tried))


def test_a_row_adds_up_to_its_audience(runs: list[Run]) -> None:
    for run in runs:
        figures = in_ledger(run=run)
        parts = (figures.sent, figures.failed, figures.skipped, figures.unknown, figures.remaining)
        assert sum(parts) == figures.audience == run.audience
