"""The days of a report are those on which something was tried, not those that were planned."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.mailings.models import Mailing, Run
from apps.mailings.selectors.totals import Figures
from tests.factories import (
    AttemptFactory,
    DeliveryFactory,
    MailingFactory,
    ManagerFactory,
    RunFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def noon(days_ago: int) -> datetime:
    """Noon of that day, where the reader is."""
    day = timezone.localtime() - days_ago * DAY
    return day.replace(hour=12, minute=0, second=0, microsecond=0)


def run_of(mailing: Mailing, began: datetime, ended: datetime | None, **counts: Any) -> Run:
    return RunFactory.create(
        mailing=mailing,
        state="done" if ended else "processing",
        outcome="partial" if ended else "",
        started_at=began,
        finished_at=ended,
        **counts,
    )


def tried(run: Run, *moments: datetime, state: str = "sent") -> None:
    delivery = DeliveryFactory.create(run=run, state=state)
    for moment in moments:
        AttemptFactory.create(delivery=delivery, created_at=moment)


def report(client: Client, since: int | None = None, until: int | None = None) -> Any:
    days = {"since": since, "until": until}
    params = {name: noon(ago).date().isoformat() for name, ago in days.items() if ago is not None}
    return client.get(reverse("reports:list"), params).context


@pytest.fixture
def mailing() -> Mailing:
    return MailingFactory.create(owner=UserFactory.create())


@pytest.fixture
def client(mailing: Mailing) -> Client:
    client = Client()
    client.force_login(mailing.owner)
    return client


def figures(context: Any) -> list[tuple[int, int, int]]:
    return [
        (line.figures.audience, line.figures.sent, line.figures.failed) for line in context["lines"]
    ]


def test_what_was_sent_early_is_of_the_day_on_which_it_was_sent(
    client: Client, mailing: Mailing
) -> None:
    Mailing.objects.filter(pk=mailing.pk).update(starts_at=noon(-1), ends_at=noon(-9))
    run_of(mailing, noon(1), noon(1) + timedelta(minutes=5), sent=3, failed=1, suppressed=1)
    yesterday = report(client, 1, 1)
    assert figures(yesterday) == [(4, 3, 1)]
    assert yesterday["totals"].figures.sent == 3 and yesterday["totals"].mailings == 1
    for since, until in ((0, None), (0, 0), (-1, -1), (None, 2)):
        other = report(client, since, until)
        assert (figures(other), other["totals"].figures.sent) == ([], 0)
        assert other["totals"].mailings == 0
    assert figures(report(client)) == [(5, 3, 1)]


def test_of_two_runs_only_that_of_these_days_is_counted(client: Client, mailing: Mailing) -> None:
    run_of(mailing, noon(5), noon(5), number=1, sent=10)
    run_of(mailing, noon(2), noon(2), number=2, sent=7, failed=1)
    assert figures(report(client, 2, 2)) == [(8, 7, 1)]
    assert figures(report(client, 5, 4)) == [(10, 10, 0)]
    assert figures(report(client, 4, 3)) == []
    assert report(client, 5, 2)["lines"][0].runs == 2


@pytest.mark.parametrize("over", [True, False], ids=["done", "still open"])
def test_a_run_over_two_days_is_divided_by_its_attempts(
    client: Client, mailing: Mailing, over: bool
) -> None:
    left = {} if over else {"pending": 4}
    run = run_of(mailing, noon(2), noon(0) if over else None, sent=2, failed=1, **left)
    tried(run, noon(2))
    tried(run, noon(2), noon(1))
    tried(run, noon(1), state="failed")
    assert figures(report(client, 2, 2)) == [(2, 2, 0)]
    assert figures(report(client, 1, 1)) == [(2, 1, 1)]
    assert report(client, 1, 1)["totals"].figures.audience == 2
    assert figures(report(client, 2, 0)) == [(3, 2, 1)]
    assert figures(report(client, 0, 0)) == []


def test_the_managers_figures_and_the_export_are_of_these_days_too(
    client: Client, mailing: Mailing
) -> None:
    run = run_of(mailing, noon(2), noon(0), sent=2)
    tried(run, noon(2))
    tried(run, noon(0))
    whole = run_of(MailingFactory.create(owner=mailing.owner), noon(2), noon(2), sent=5)
    manager = Client()
    manager.force_login(ManagerFactory.create())
    day = noon(2).date().isoformat()
    params = {"since": day, "until": day}
    page = manager.get(reverse("management:reports"), params)
    assert [(email, row.sent) for email, row in page.context["owners"]] == [
        (mailing.owner.email, 6)
    ]
    answer: Any = client.get(reverse("reports:export", args=["csv"]), params)
    rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()[1:]
    assert [row.split(",")[5] for row in rows] == ["1", "5"]
    assert rows[0].startswith(f"{mailing.pk},") and rows[1].startswith(f"{whole.mailing_id},")


def test_every_row_of_runs_adds_up_to_its_audience(client: Client, mailing: Mailing) -> None:
    names = ("sent", "delivered", "bounced", "failed", "unknown", "suppressed", "expired")
    counts = {name: 2**place for place, name in enumerate((*names, "cancelled"))}
    run_of(mailing, noon(1), None, pending=512, sending=1024, **counts)
    page = client.get(reverse("reports:mailing", args=[mailing.pk]))
    ((_run, row),) = page.context["runs"]
    parts = (row.sent, row.failed, row.skipped, row.unknown, row.remaining)
    assert sum(parts) == row.audience == sum(counts.values()) + 1536
    assert (row.sent, row.confirmed, row.bounced, row.not_delivered) == (1 + 2 + 4, 2, 4, 4 + 8)
    assert sum(count for _label, count in row.skipped_parts) == row.skipped == 32 + 64 + 128


@pytest.mark.parametrize(
    ("sent", "failed", "rate"),
    [(0, 0, None), (1, 2, 33.3), (99_999, 1, 99.9), (1, 99_999, 0.1), (5, 0, 100.0), (0, 5, 0.0)],
)
def test_a_rate_says_all_or_nothing_only_when_it_is_true(
    sent: int, failed: int, rate: float | None
) -> None:
    assert Figures({"sent": sent, "failed": failed, "suppressed": 7}).rate == rate
    assert Figures({"delivered": sent, "bounced": failed, "pending": 7}).rate == rate


def test_a_mailing_that_was_reset_has_the_report_of_what_was_sent(
    client: Client, mailing: Mailing
) -> None:
    run = run_of(mailing, noon(1), noon(1), sent=1, failed=1)
    DeliveryFactory.create(run=run, state="sent", address="a@one.example")
    DeliveryFactory.create(run=run, state="failed", address="b@two.example", response="5.1.1 No")
    Mailing.objects.filter(pk=mailing.pk).update(current_run=2)
    page = client.get(reverse("reports:mailing", args=[mailing.pk]))
    rows = [(row.domain, row.figures.sent, row.figures.failed) for row in page.context["domains"]]
    assert rows == [("two.example", 0, 1), ("one.example", 1, 0)]
    assert [group.count for group in page.context["counted"].reasons] == [1]
