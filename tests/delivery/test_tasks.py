"""Celery's tasks, called as Celery calls them."""

from __future__ import annotations

import mmap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from celery.signals import worker_ready, worker_shutting_down
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.utils import timezone
from kombu import Connection
from structlog.testing import capture_logs

from apps.core.slots import background_jobs
from apps.delivery import tasks
from apps.delivery.engine.runs.launch import freeze_all
from apps.delivery.models import Heartbeat
from apps.delivery.scheduling import advisory_slots
from apps.delivery.service import service
from apps.mailings.models import Mailing, Run
from config.celery import app
from tests.delivery.engine.runs.test_transactional import single
from tests.factories import mailing_to
from tests.faults.browser import free_port

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

WORK = ("delivery.work", "email", False, "work")
PREPARE = ("delivery.prepare", "work")


@pytest.fixture
def on_server() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("a slot is a lock of PostgreSQL, which Celery needs")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """The tasks that were asked for."""
    found: list[tuple[object, ...]] = []

    def ask(task: Any, *args: object, queue: str = "clock") -> None:
        found.append((task.name, *args, queue))

    monkeypatch.setattr(tasks, "_ask", ask)
    return found


@pytest.fixture(autouse=True)
def nobody_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advisory_slots, "_leaving", mmap.mmap(-1, 1))


def launched(count: int) -> Mailing:
    mailing = mailing_to(count)
    service.launch(mailing_id=mailing.pk, trigger="manual")
    freeze_all(threading.Event(), lambda: None)
    return mailing


@pytest.fixture
def two_workers(settings: LazySettings) -> None:
    account = settings.ACCOUNTS["email"].model_copy(update={"workers": 2, "max_connections": 3})
    settings.ACCOUNTS = {**settings.ACCOUNTS, "email": account}


@contextmanager
def elsewhere(lane: str) -> Iterator[None]:
    """Another process's session has a slot."""
    other, key = connection.copy(), [advisory_slots.key_of(lane)]
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, 0)", key)
        yield
        cursor.execute("SELECT pg_advisory_unlock(%s, 0)", key)
    other.close()


def test_a_look_starts_what_is_due_and_asks_for_its_accounts(
    on_server: None, two_workers: None, asked: list[tuple[object, ...]]
) -> None:
    mailing_to(3)
    tasks.tick()
    assert Run.objects.get().state == Run.State.PREPARING
    assert asked == [PREPARE]
    tasks.prepare()
    asked.clear()
    tasks.tick()
    assert asked == [WORK] * 2
    assert Heartbeat.objects.get(name="scheduler").beat_at <= timezone.now()


def test_a_look_asks_only_for_free_slots_and_for_no_more_than_there_are_messages(
    on_server: None, two_workers: None, asked: list[tuple[object, ...]]
) -> None:
    message, urgent = launched(3).message, ("delivery.work", "email", True, "urgent")
    single(message)
    with elsewhere("account email"):
        tasks.tick()
        assert asked == [urgent, WORK]
        for _ in range(4):
            single(message)
        asked.clear()
        with elsewhere("account email urgent"):
            tasks.tick()
    assert asked == [urgent, urgent, WORK]


def test_a_run_whose_last_ones_are_in_somebodys_hands_needs_nobody_else(
    on_server: None, asked: list[tuple[object, ...]]
) -> None:
    launched(1)
    Run.objects.update(state=Run.State.PROCESSING, pending=0, sending=1, audience=1)
    tasks.tick()
    assert asked == []


def test_a_check_repairs_starts_and_notifies(
    on_server: None, asked: list[tuple[object, ...]]
) -> None:
    Mailing.objects.filter(pk=mailing_to(1).pk).update(status=Mailing.Status.RUNNING)
    tasks.reconcile()  # a mailing that says Running without a run
    assert Run.objects.count() == 1
    assert asked == [PREPARE]


def test_work_sends_the_accounts_queue(on_server: None, asked: list[tuple[object, ...]]) -> None:
    launched(20)
    tasks.work_lane("email", False)
    assert (Run.objects.get().sent, asked) == (20, [])


def test_a_message_to_one_goes_by_a_queue_and_a_slot_of_its_own(
    on_server: None, asked: list[tuple[object, ...]]
) -> None:
    sent = single(launched(2).message)
    tasks.tick()
    assert asked == [("delivery.work", "email", True, "urgent"), WORK]
    with elsewhere("account email"):
        tasks.work_lane("email", True)
    assert Run.objects.get(pk=sent.run_id).sent == 1


def test_an_account_without_a_free_slot_is_left_to_those_who_have_one(on_server: None) -> None:
    launched(2)
    with elsewhere("account email"):
        tasks.work_lane("email", False)
        assert Run.objects.get().state == Run.State.QUEUED
    tasks.work_lane("email", False)
    assert Run.objects.get().sent == 2


def test_a_slot_is_given_back(on_server: None) -> None:
    for _ in range(2):
        with advisory_slots.slot("here", of=1) as mine:
            assert mine


def test_after_a_time_slice_others_have_their_turn(
    on_server: None, asked: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    launched(2)
    monkeypatch.setattr(tasks, "TIME_SLICE", 0.0)
    monkeypatch.setattr(tasks, "drain_lane", lambda account, stop, **_: stop.wait(10))
    tasks.work_lane("email", False)
    assert asked == [WORK]


def test_what_comes_while_a_slot_is_given_back_is_not_left_to_the_next_tick(
    on_server: None, asked: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    message = launched(1).message
    tasks.work_lane("email", False)

    def serve(account: str, **_: object) -> None:
        if not asked:
            single(message)
            tasks.tick()  # finds the slot held

    with monkeypatch.context() as patch:
        patch.setattr(tasks, "drain_lane", serve)
        patch.setattr(tasks, "urgent_workers", lambda account: 1)
        tasks.work_lane("email", True)
    assert asked == [("delivery.work", "email", True, "urgent")]
    tasks.work_lane("email", True)
    assert len(asked) == 1


def test_what_has_no_room_yet_is_not_asked_for_again_and_again(
    on_server: None, asked: list[tuple[object, ...]]
) -> None:
    launched(1)
    Run.objects.update(state=Run.State.PROCESSING, pending=0, sending=1, audience=1)
    queued = launched(1)
    Run.objects.filter(mailing=queued).update(state=Run.State.QUEUED)
    tasks.work_lane("email", False)
    assert asked == []


def test_a_worker_that_is_asked_to_stop_ends_its_shifts() -> None:
    with advisory_slots.time_slice(600.0) as stop:
        assert not stop.is_set()
        worker_shutting_down.send(sender="test")
        assert stop.wait(10)


def test_the_work_of_a_time_slice_that_ends_on_its_own_is_over(
    asked: list[tuple[object, ...]],
) -> None:
    with advisory_slots.time_slice(600.0) as stop:
        pass
    assert not stop.is_set()
    assert "shift" not in {thread.name for thread in threading.enumerate()}


def test_a_background_job_has_one_turn_at_a_time(
    on_server: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = next(iter(background_jobs))
    turns: list[bool] = []

    def run(now: Any, stopping: Any) -> None:
        turns.append(stopping())
        if len(turns) == 1:
            thread = threading.Thread(target=_other_turn, args=(job.name,))
            thread.start()
            thread.join()

    monkeypatch.setattr(job, "run", run)
    tasks.run_background_job(job.name)
    tasks.run_background_job(job.name)
    assert turns == [False, False]


def _other_turn(name: str) -> None:
    try:
        tasks.run_background_job(name)
    finally:
        connection.close()


def test_a_database_that_is_away_is_the_next_ticks_business(
    on_server: None, monkeypatch: pytest.MonkeyPatch, asked: list[tuple[object, ...]]
) -> None:
    def away() -> None:
        raise DatabaseError("gone")

    mailing_to(1)
    with monkeypatch.context() as patch, capture_logs() as logged:
        patch.setattr(service, "reconcile", away)
        tasks.reconcile()
    assert [line["event"] for line in logged][0] == "task_lost_its_database"
    assert asked == [PREPARE]


def test_a_worker_settles_what_the_dead_of_its_machine_left_whatever_its_processes_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    errors, again = [DatabaseError("gone"), OSError("no file system")], threading.Event()

    def recover() -> None:
        if errors:
            raise errors.pop()
        again.set()

    monkeypatch.setattr(service, "recover", recover)
    monkeypatch.setattr(tasks, "RECOVER", 0)
    worker_ready.send(sender="test")
    assert again.wait(10)
    worker_shutting_down.send(sender="test")
    for thread in threading.enumerate():
        if thread.name == "recovery":
            thread.join(10)
            assert not thread.is_alive()


def test_a_broker_that_is_away_is_reported_to_the_log_alone() -> None:
    app.conf.broker_url = f"redis://127.0.0.1:{free_port()}/0"
    with capture_logs() as logged:
        tasks.wake()
    assert [line["event"] for line in logged] == ["broker_away"]


def test_a_worker_looks_for_a_lost_broker_every_two_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr(Connection, "ensure_connection", lambda *_, **kwargs: asked.update(kwargs))
    app.connection_for_read().ensure_connection(print, None, callback=print)
    assert asked["interval_max"] == 2
    assert app.conf.broker_connection_max_retries is None


def test_every_entry_of_the_timetable_is_a_task_that_exists() -> None:
    table = tasks.beat_schedule()
    assert {"look", "check"} | {job.name for job in background_jobs} == set(table)
    assert {entry["task"] for entry in table.values()} <= set(app.tasks)
    assert {entry["options"]["expires"] for entry in table.values()} == {tasks.STALE}


def test_nothing_is_acknowledged_late_tried_again_or_remembered() -> None:
    ours = [task for name, task in app.tasks.items() if name.startswith("delivery.")]
    assert len(ours) == 5
    assert not any(task.acks_late for task in ours)
    assert app.conf.task_ignore_result and not app.conf.task_publish_retry


def test_with_celery_there_is_no_other_scheduler(settings: LazySettings) -> None:
    settings.DISPATCH_BACKEND = "celery"
    with pytest.raises(CommandError, match="celery -A config beat") as caught:
        call_command("run_scheduler")
    assert caught.value.returncode == 2
