"""The scheduler in a serving process: starts what is due, wakes at once, ends in order."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from apps.api.webhooks import client
from apps.delivery.channels.http.client import Timeouts
from apps.delivery.models import Heartbeat
from apps.delivery.scheduling import scheduler
from apps.delivery.scheduling.scheduler import Scheduler
from apps.delivery.service import service
from apps.mailings.models import Mailing, Run
from tests.factories import WebhookFactory, mailing_to
from tests.http_service import HttpService, empty, silence

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def running(settings: LazySettings) -> Callable[[], Scheduler]:
    settings.SCHEDULER_FIRST_RUN_DELAY = 0

    def start() -> Scheduler:
        fresh = Scheduler()
        fresh.start()
        return fresh

    return start


def wait_for(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def done(mailing: Mailing) -> Callable[[], bool]:
    return lambda: Run.objects.filter(mailing=mailing, state="done").exists()


def test_what_is_due_is_sent_and_the_heartbeat_is_seen(running: Callable[[], Scheduler]) -> None:
    mailing = mailing_to(20)
    clock = running()
    try:
        wait_for(done(mailing))
    finally:
        clock.stop()
    assert Run.objects.get().sent == 20
    assert Heartbeat.objects.get(name="scheduler").beat_at <= timezone.now()


def test_a_launch_and_a_start_time_wake_it_without_waiting_for_the_next_check(
    running: Callable[[], Scheduler], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "RECOVER", 3600)
    soon = mailing_to(2, starts_at=timezone.now() + timedelta(seconds=1.5))
    clock = running()
    try:
        wait_for(lambda: Heartbeat.objects.exists())
        early = mailing_to(2, starts_at=timezone.now() + timedelta(hours=1))
        service.launch(mailing_id=early.pk, trigger="manual", early=True)
        wait_for(done(early))
        wait_for(done(soon))
    finally:
        clock.stop()
    assert Run.objects.get(mailing=soon).created_at >= soon.starts_at


def test_a_database_that_is_away_for_a_moment_does_not_end_the_clock() -> None:
    def away() -> None:
        raise DatabaseError("gone")

    Scheduler()._guarded(away)


def test_the_command_runs_it_until_it_is_asked_to_stop_and_its_letters_lead_to_the_site(
    settings: LazySettings,
) -> None:
    settings.SCHEDULER_FIRST_RUN_DELAY = 0
    mailing = mailing_to(2)
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    def end_it() -> None:
        wait_for(done(mailing))
        os.kill(os.getpid(), signal.SIGTERM)

    watcher = threading.Thread(target=_with_own_connection(end_it))
    watcher.start()
    call_command("run_scheduler", "--port", "8123")
    watcher.join()
    signal.signal(signal.SIGTERM, before[0])
    signal.signal(signal.SIGINT, before[1])
    assert Run.objects.get().sent == 2
    assert scheduler._running is None
    letters = [*settings.OUTBOX_DIR.rglob("*.eml")]
    links = [message_from_bytes(one.read_bytes())["List-Unsubscribe"] for one in letters]
    assert len(links) == 2
    assert all(link.startswith("<http://127.0.0.1:8123/u/") for link in links)


def _with_own_connection(act: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    return run


def test_it_ends_even_while_a_round_is_setting_the_next_moment(
    running: Callable[[], Scheduler], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library's clock holds its lock while it waits for rounds; a round needs that lock."""
    in_round, released = threading.Event(), threading.Event()

    def slow_round() -> list[object]:
        in_round.set()
        released.wait(10)
        return []

    monkeypatch.setattr(service, "dispatch_due", slow_round)
    monkeypatch.setattr(service, "next_wakeup", lambda: timezone.now() + timedelta(hours=1))
    clock = running()
    assert in_round.wait(10)
    stopping = threading.Thread(target=clock.stop, daemon=True)
    stopping.start()
    time.sleep(0.2)  # it has begun to wait for the round
    released.set()
    stopping.join(10)
    assert not stopping.is_alive()


def test_it_gives_the_webhooks_their_turns(
    running: Callable[[], Scheduler], settings: LazySettings
) -> None:
    settings.WEBHOOK_ALLOW_LOCAL = True
    mailing = mailing_to(3)
    with HttpService(empty(204)) as ear:
        WebhookFactory.create(owner=mailing.owner, url=f"{ear.url}/")
        clock = running()
        try:
            wait_for(lambda: b"run.done" in b"".join(one.body for one in ear.requests))
        finally:
            clock.stop()


def test_a_round_does_not_wait_for_a_webhook(
    running: Callable[[], Scheduler], settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOK_ALLOW_LOCAL = True
    monkeypatch.setattr(client, "TIMEOUTS", Timeouts(connect=600, read=600, total=600))
    logged = mailing_to(1)
    with HttpService(silence()) as ear:
        WebhookFactory.create(owner=logged.owner, url=f"{ear.url}/")
        clock = running()
        try:
            wait_for(lambda: bool(ear.requests))
            later = mailing_to(2)
            service.launch(mailing_id=later.pk, trigger="manual")
            wait_for(done(later))
        finally:
            ear.over.set()
            clock.stop()
