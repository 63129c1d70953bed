"""Owners are notified of what happens to their runs: once, in their language, and nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone, translation

from apps.core.responses.stored import foreign
from apps.delivery.models import AccountState
from apps.delivery.monitoring.notifications import notify_owners
from apps.mailings.models import Run
from apps.mailings.wait_reasons import account_limit
from apps.reports.notifications import render
from apps.users.models import Notification
from apps.users.notifications import unread
from tests.factories import MailingFactory, ManagerFactory, RunFactory, UserFactory

pytestmark = pytest.mark.django_db


def notify() -> None:
    notify_owners(timezone.now())


def text(notification: Notification) -> str:
    with translation.override("en"):
        return render(notification).text


def test_a_wait_is_reported_once_with_its_reason() -> None:
    run = RunFactory.create(
        state="deferred",
        reason="rate_limit",
        reason_detail=account_limit("hour", 100, "email"),
        deferred_until=timezone.now() + timedelta(minutes=5),
        pending=3,
    )
    notify()
    notify()
    notification = Notification.objects.get()
    assert notification.owner == run.mailing.owner
    assert "sending limit reached (100 of 100 this hour on account email)" in text(notification)


def test_another_reason_is_new_again_in_the_one_notice_of_the_run() -> None:
    run = RunFactory.create(state="paused", reason="account_disabled", pending=3)
    notify()
    first = Notification.objects.get()
    Notification.objects.update(read_at=timezone.now())
    notify()
    assert Notification.objects.get().read_at is not None, "nothing is new about it"
    Run.objects.filter(pk=run.pk).update(reason="mailing_disabled")
    notify()
    again = Notification.objects.get()
    assert (again.read_at, again.facts["reason"]) == (None, "mailing_disabled")
    assert again.pk > first.pk, "it is on top again"


def test_a_run_that_ends_twice_has_one_notice_with_the_last_figures() -> None:
    run = RunFactory.create(state="done", outcome="partial", failed=3, finished_at=timezone.now())
    notify()
    later = timezone.now() + timedelta(minutes=5)
    Run.objects.filter(pk=run.pk).update(failed=1, sent=2, finished_at=later)
    notify()
    assert Notification.objects.get().facts["failed"] == 1


@pytest.mark.parametrize("reason", ["paused_by_user", "owner_blocked"])
def test_what_the_owner_did_or_must_not_know_makes_no_notification(reason: str) -> None:
    RunFactory.create(state="paused", reason=reason, pending=3)
    notify()
    assert not Notification.objects.exists()


def test_an_end_with_errors_is_reported_and_a_good_one_is_not() -> None:
    now = timezone.now()
    RunFactory.create(state="done", sent=5, finished_at=now)
    bad = RunFactory.create(state="done", sent=5, failed=2, unknown=1, finished_at=now)
    notify()
    notification = Notification.objects.get()
    assert notification.owner == bad.mailing.owner
    assert text(notification).endswith("finished with errors (failed: 2, unknown: 1).")


def test_of_messages_to_one_only_what_a_person_decides_is_reported() -> None:
    now = timezone.now()
    wait = {"state": "deferred", "reason": "rate_limit", "deferred_until": now}
    RunFactory.create(urgent=True, pending=1, **wait)
    RunFactory.create(urgent=True, state="done", failed=1, finished_at=now)
    RunFactory.create(urgent=True, state="done", expired=1, finished_at=now)
    doubt = RunFactory.create(urgent=True, state="done", unknown=1, finished_at=now)
    notify()
    assert Notification.objects.get().facts["mailing"] == doubt.mailing_id


@pytest.mark.parametrize("repeat", ["FREQ=DAILY", ""])
def test_a_missed_start_is_reported(repeat: str) -> None:
    now = timezone.now()
    MailingFactory.create(
        scheduled_at=now - timedelta(hours=4),
        starts_at=now - timedelta(hours=3),
        ends_at=now + timedelta(hours=3),
        repeat=repeat,
    )
    notify()
    assert Notification.objects.get().code == "start_missed"


def test_managers_are_notified_of_accounts() -> None:
    manager = ManagerFactory.create()
    UserFactory.create()
    error = foreign("535 no")
    AccountState.objects.create(name="email", state="down", last_error=error, last_error_at=None)
    notify()
    notification = Notification.objects.get()
    assert notification.owner == manager
    assert "535 no" in text(notification)


def test_the_bell_counts_and_is_silenced_by_reading(client: Client) -> None:
    run = RunFactory.create(state="paused", reason="account_disabled", pending=3)
    notify()
    owner = run.mailing.owner
    client.force_login(owner)
    assert unread(owner.pk) == 1
    page = client.get("/notices/").content.decode()
    assert "bell-count" in page

    client.post("/notices/read/", {"notification": str(Notification.objects.get().pk)})

    assert unread(owner.pk) == 0
    assert "bell-count" not in client.get("/notices/").content.decode()


def test_nobody_reads_or_silences_anothers_notices(client: Client) -> None:
    RunFactory.create(state="paused", reason="account_disabled", pending=3)
    notify()
    client.force_login(ManagerFactory.create())
    assert "stands still" not in client.get("/notices/").content.decode()
    client.post("/notices/read/", {"notification": str(Notification.objects.get().pk)})
    client.post("/notices/read/", {"all": "1"})
    assert Notification.objects.get().read_at is None
