"""What is wrong is reported: to monitors, to the log once, and to those who oversee."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone, translation
from structlog.testing import capture_logs

from apps.delivery.limit_periods import bounds
from apps.delivery.models import AccountState, Heartbeat, LimitWindow
from apps.delivery.monitoring.health import (
    Health,
    HealthMonitor,
    alert_text,
    check_health,
    heartbeat_limit,
)
from tests.factories import AttemptFactory, MailingFactory, RunFactory

pytestmark = pytest.mark.django_db


def healthy() -> None:
    Heartbeat.objects.create(name="scheduler", beat_at=timezone.now())


def codes() -> list[str]:
    return check_health(now=timezone.now()).codes


def test_a_healthy_installation_has_nothing_to_say() -> None:
    healthy()
    assert codes() == []


def test_a_scheduler_that_stopped_looking_is_missed() -> None:
    Heartbeat.objects.create(name="scheduler", beat_at=timezone.now() - timedelta(hours=1))
    assert codes() == ["scheduler_stale"]


def test_a_crash_is_reported_for_as_long_as_a_missing_scheduler_would_take_to_be_missed() -> None:
    healthy()
    crash = Heartbeat.objects.create(name="scheduler_crash", beat_at=timezone.now())
    health = check_health(now=timezone.now())
    assert (health.codes, health.ready) == (["scheduler_crashed"], True)
    crash.beat_at -= heartbeat_limit()
    crash.save()
    assert codes() == []


def test_unknown_deliveries_wait_for_a_person() -> None:
    healthy()
    RunFactory.create(state="done", sent=1, unknown=2)
    assert codes() == ["unknown_deliveries"]


def test_more_runs_than_allowed_on_one_account_are_noticed() -> None:
    healthy()
    RunFactory.create_batch(2, pending=1)
    assert codes() == ["account_crowded"]
    AccountState.objects.create(name="email", max_processing_runs=2)
    assert codes() == []


def test_any_number_of_messages_to_one_may_be_sent_at_a_time() -> None:
    healthy()
    RunFactory.create_batch(3, pending=1, urgent=True)
    assert codes() == []


def test_a_deep_queue_is_noticed(settings: LazySettings) -> None:
    healthy()
    settings.WATCH_QUEUE_DEPTH = 1
    RunFactory.create_batch(2, state="queued", pending=1)
    assert codes() == ["queue_deep"]


def test_receipts_that_wait_make_no_queue_deep(settings: LazySettings) -> None:
    healthy()
    settings.WATCH_QUEUE_DEPTH = 1
    RunFactory.create(state="queued", pending=1)
    RunFactory.create_batch(3, state="queued", pending=1, urgent=True)
    health = check_health(now=timezone.now())
    assert (health.queue_depth, health.transactional, health.codes) == (1, 3, [])
    assert health.ready


def test_it_is_logged_once_when_it_begins_and_once_when_it_is_over() -> None:
    healthy()
    monitor = HealthMonitor()
    run = RunFactory.create(state="done", sent=1, unknown=2)
    with capture_logs() as logged:
        monitor.check(now=timezone.now())
        monitor.check(now=timezone.now())
        run.delete()
        monitor.check(now=timezone.now())
    assert [(line["event"], line["code"]) for line in logged] == [
        ("alert", "unknown_deliveries"),
        ("alert_over", "unknown_deliveries"),
    ]


def test_every_alert_has_its_words() -> None:
    everything = Health(
        database=True,
        crashed_at=timezone.now(),
        stuck_leases=1,
        queue_depth=99,
        unknown=3,
        crowded=("a",),
        down=("b",),
    )
    with translation.override("en"):
        assert len(alert_text(everything)) == len(everything.codes) == 7
        assert alert_text(Health(database=False)) == ["The database cannot be reached."]


def test_metrics_need_the_token(settings: LazySettings, client: Client) -> None:
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "secret"
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404

    run = RunFactory.create(mailing=MailingFactory.create(), state="done", sent=7, unknown=1)
    AttemptFactory.create(delivery__run=run, seconds=0.2)
    RunFactory.create(state="queued", pending=1, urgent=True)
    account = AccountState.objects.create(name="email")
    start, _end = bounds("hour", timezone.now())
    LimitWindow.objects.create(account=account, period="hour", starts_at=start, used=5, limit=10)
    declared = settings.ACCOUNTS["email"].model_copy(update={"per_hour": 10})
    settings.ACCOUNTS = {**settings.ACCOUNTS, "email": declared}
    page = client.get("/metrics", headers={"Authorization": "Bearer secret"})

    text = page.content.decode()
    for line in (
        'mailings_deliveries_total{account="email",channel="email",outcome="sent"} 1.0',
        'mailings_deliveries_state{account="email",channel="email",state="sent"} 7.0',
        'mailings_runs{state="done"} 1.0',
        'mailings_send_seconds_bucket{le="0.1"} 0.0',
        'mailings_send_seconds_bucket{le="0.25"} 1.0',
        'mailings_send_seconds_bucket{le="+Inf"} 1.0',
        "mailings_send_seconds_count 1.0",
        "mailings_send_seconds_sum 0.2",
        "mailings_queue_depth 0.0",
        "mailings_transactional 1.0",
        "mailings_unknown 1.0",
        'mailings_limit_used_ratio{account="email",period="hour"} 0.5',
        'mailings_alert{code="unknown_deliveries"} 1.0',
        "mailings_scheduler_heartbeat_seconds -1.0",
    ):
        assert line in text
    assert "@" not in text
    logged = set(re.findall(r"^# TYPE (mailings_\w+)", text, re.M))
    documented = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert logged == set(re.findall(r"^\| `(mailings_\w+)`", documented, re.M))
