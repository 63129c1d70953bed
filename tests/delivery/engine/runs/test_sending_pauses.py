"""Senders of bounces or spam are paused, get the reason, and are released by a manager."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from apps.core.errors import Refused
from apps.delivery.engine.runs import queue
from apps.delivery.engine.worker import preconditions
from apps.delivery.monitoring.notifications import notify_owners
from apps.delivery.selectors.actions import actions_for
from apps.delivery.service import DispatchService
from apps.mailings.ledger.sending_pauses import WINDOW, check_all
from apps.mailings.models import Mailing, Run, SendingPause, Suppression
from apps.mailings.selectors.mailings import next_step
from apps.mailings.services.sending_pauses import lift_pause
from apps.mailings.services.transactional import Address, TransactionalMessage, send_transactional
from apps.mailings.wait_reasons import rate_too_high
from apps.reports.notifications import render
from apps.reports.selectors.dashboard import needing_a_person
from apps.users.models import Notification, User
from config.account_settings import AccountSettings
from tests.delivery.engine.conftest import ShiftedClock
from tests.delivery.engine.workers import assert_equation, processing_run, send
from tests.factories import (
    MailingFactory,
    ManagerFactory,
    MessageFactory,
    RecipientFactory,
    RunFactory,
    UserFactory,
    mailing_to,
)
from tests.smtp_server import SmtpServer, say

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def server(settings: LazySettings) -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        values: dict[str, Any] = {"security": "none", "max_connections": 1, "timeout": 5}
        account = AccountSettings(kind="smtp", host="127.0.0.1", port=running.port, **values)
        settings.ACCOUNTS = {"email": account}
        yield running


def mailing_with_dead_addresses(count: int, server: SmtpServer, *, every: int) -> Mailing:
    """Every so manieth recipient is unknown to the server."""
    mailing = MailingFactory.create()
    for number in range(count):
        name = "gone" if number % every == every - 1 else "here"
        RecipientFactory.create(owner=mailing.owner, email=f"{name}{number}@example.org")
        if name == "gone":
            to = f"{name}{number}@example.org"
            server.on("RCPT", say(f"550 5.1.1 nobody {number}"), to=to)
    return mailing


def ended_run(owner: User, *, ago: timedelta = timedelta(), **figures: int) -> Run:
    """A run that came to its end with these figures."""
    mailing = MailingFactory.create(owner=owner, status="completed")
    ended = timezone.now() - ago
    return RunFactory.create(mailing=mailing, state="done", finished_at=ended, **figures)


def judge() -> None:
    DispatchService().reconcile()


def paused_owner(**figures: Any) -> User:
    """A user whom the scheduler's check has paused."""
    owner: User = UserFactory.create()
    ended_run(owner, **(figures or {"sent": 90, "failed": 10, "hard_bounces": 10}))
    judge()
    return owner


def waits(run: Run) -> tuple[str, str]:
    run.refresh_from_db()
    return run.state, run.reason


def work(run: Run) -> Run:
    service = DispatchService()
    service.dispatch_due()
    service.work_until(run.pk, threading.Event())
    run.refresh_from_db()
    assert_equation(run)
    return run


# --- what is counted ---


def test_an_address_that_is_refused_for_good_at_rcpt_counts_as_a_bounce(server: SmtpServer) -> None:
    run = send(mailing_with_dead_addresses(16, server, every=8))
    assert (run.sent, run.failed, run.hard_bounces) == (14, 2, 2)


def test_what_the_server_only_dislikes_does_not_count(server: SmtpServer) -> None:
    server.on("RCPT", say("550 5.7.1 policy"), to="anna@example.org")
    mailing = MailingFactory.create()
    RecipientFactory.create(owner=mailing.owner, email="anna@example.org")
    run = send(mailing)
    assert (run.failed, run.hard_bounces) == (1, 0)


# --- the rule ---


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        ({"sent": 2, "bounced": 1, "hard_bounces": 1}, ""),
        ({"sent": 79, "failed": 20, "hard_bounces": 20}, ""),  # 99 of them
        ({"sent": 95, "failed": 5, "hard_bounces": 5}, ""),
        ({"sent": 94, "failed": 6, "hard_bounces": 6}, "bounce_rate"),
        ({"delivered": 94, "bounced": 6, "hard_bounces": 6}, "bounce_rate"),
        ({"sent": 10, "failed": 90, "hard_bounces": 0}, ""),
        ({"sent": 100, "complaints": 2}, ""),  # too few for a share
        ({"sent": 1000, "complaints": 3}, ""),
        ({"sent": 999, "complaints": 3}, "complaint_rate"),
        ({"sent": 90, "failed": 10, "hard_bounces": 10, "complaints": 3}, "complaint_rate"),
        ({"sent": 94, "suppressed": 900, "failed": 6, "hard_bounces": 6}, "bounce_rate"),
    ],
)
def test_a_share_above_the_limit_pauses(figures: dict[str, int], reason: str) -> None:
    owner = paused_owner(**figures)
    found = SendingPause.objects.filter(owner=owner).first()
    assert (found.reason if found else "") == reason


def test_all_recent_runs_of_a_user_are_judged_together_and_nobody_elses() -> None:
    owner = UserFactory.create()
    for _ in range(5):
        ended_run(owner, sent=19, failed=2, hard_bounces=2)
    other = UserFactory.create()
    ended_run(other, sent=200, failed=1, hard_bounces=1)
    ended_run(owner, ago=WINDOW + timedelta(hours=1), sent=100_000)
    judge()
    assert [pause.owner for pause in SendingPause.objects.in_force(timezone.now())] == [owner]
    assert SendingPause.objects.get().detail == rate_too_high(10, 105, 5)


@pytest.mark.parametrize("name", ["LIMIT_BOUNCE_PERCENT", "LIMIT_COMPLAINT_PERCENT"])
def test_nought_switches_a_limit_off(name: str, settings: LazySettings) -> None:
    owner = paused_owner(sent=90, failed=10, hard_bounces=10, complaints=10)
    settings.LIMIT_BOUNCE_PERCENT = settings.LIMIT_COMPLAINT_PERCENT = 0
    setattr(settings, name, 1)
    judge()
    kind = "bounce_rate" if "BOUNCE" in name else "complaint_rate"
    assert SendingPause.objects.get(owner=owner).reason == kind
    setattr(settings, name, 0)
    judge()
    assert SendingPause.objects.get(owner=owner).reason == ""


# --- what it stops ---


def test_a_large_audience_is_not_spent_to_its_end(
    server: SmtpServer, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preconditions, "_ACCOUNT_EVERY", 0.0)  # a second is long for this server
    values: dict[str, Any] = {"security": "none", "window": 20, "max_connections": 1}
    settings.ACCOUNTS = {
        "email": AccountSettings(kind="smtp", host="127.0.0.1", port=server.port, **values)
    }
    run = send(mailing_with_dead_addresses(400, server, every=8))
    assert_equation(run)
    assert (run.state, run.reason) == ("paused", "bounce_rate")
    assert 100 <= run.sent + run.failed <= 180, "it ends soon after the sample is large enough"
    assert run.hard_bounces == Suppression.objects.count() == run.failed


def test_nothing_starts_past_it() -> None:
    owner = paused_owner()
    service, mailing = DispatchService(), mailing_to(2, owner=owner)
    message = MessageFactory.create(owner=owner)
    asked = TransactionalMessage(
        message=message, to=Address("email", "anna@example.org"), channel="email", account="email"
    )
    for start in (
        lambda: service.launch(mailing_id=mailing.pk, trigger="manual"),
        lambda: service.rehearse(mailing_id=mailing.pk, early=True),
        lambda: send_transactional(message_request=asked, trigger="api"),
        lambda: service.send_test(message_id=message.pk, address="me@example.org", account="email"),
    ):
        with translation.override("en"), pytest.raises(Refused) as refused:
            start()
        assert refused.value.code == "sending_paused"
        assert "10 of 100 messages bounced (10.0 %, the limit is 5 %)" in str(refused.value)
        assert "A manager can lift the pause." in str(refused.value)
    assert service.dispatch_due() == []
    assert not Run.objects.exclude(state="done").exists()
    other = send(mailing_to(2, owner=UserFactory.create()))
    assert other.sent == 2


def test_runs_that_are_being_sent_are_held_with_the_reason_and_the_mailings_say_what_to_do() -> (
    None
):
    run = processing_run(2)
    owner = run.mailing.owner
    queued = RunFactory.create(
        mailing=MailingFactory.create(owner=owner), state="queued", pending=1
    )
    waiting = RunFactory.create(
        mailing=MailingFactory.create(owner=owner), state="paused", reason="paused_by_user"
    )
    RunFactory.create(
        mailing=MailingFactory.create(owner=owner), sent=90, failed=10, hard_bounces=10
    )
    judge()
    assert waits(run) == waits(queued) == ("paused", "bounce_rate")
    assert waits(waiting) == ("paused", "paused_by_user")
    with translation.override("en"):
        text = next_step(run.mailing, run, timezone.now())
        resume = actions_for(run, run.mailing, timezone.now())[1]
    assert text == (
        "Paused: too many bounces (10 of 100 sent, 10.0 %; the limit is 5 %)."
        " Remove dead addresses from your lists. A manager can lift the pause."
    )
    assert (resume.name, resume.enabled) == ("resume", False)
    assert run in needing_a_person(owner)
    with pytest.raises(Refused):
        DispatchService().resume(mailing_id=run.mailing_id)
    assert waits(work(run)) == ("paused", "bounce_rate")


def test_a_run_that_was_queued_before_the_check_does_not_slip_through() -> None:
    """Its first worker judges anew: the scheduler looks every few minutes only."""
    run = processing_run(2)
    ended_run(run.mailing.owner, sent=90, failed=10, hard_bounces=10)
    work(run)
    assert (run.state, run.reason, run.sent) == ("deferred", "bounce_rate", 0)


# --- how it ends ---


def test_a_manager_lifts_it_and_what_waited_goes_on_and_is_not_judged_by_the_past() -> None:
    run = processing_run(2)
    owner = run.mailing.owner
    ended_run(owner, sent=90, failed=10, hard_bounces=10)
    judge()
    manager = Client()
    manager.force_login(ManagerFactory.create())
    page = manager.get(reverse("management:users"), {"status": "paused"}).content.decode()
    assert owner.email in page and "10 of 100 sent" in page.replace("\xa0", " ")
    answer: Any = manager.post(reverse("management:lift_pause", args=[owner.pk]))
    assert answer.status_code == 302
    assert b"/pause/" not in manager.get(reverse("management:users")).content
    judge()
    assert work(run).sent == 2
    later = ended_run(owner, sent=90, failed=10, hard_bounces=10)
    judge()
    assert SendingPause.objects.get().reason == "bounce_rate", later.pk


def test_a_pause_that_is_lifted_elsewhere_is_found_by_the_next_look() -> None:
    run = processing_run(1)
    RunFactory.create(
        mailing=MailingFactory.create(owner=run.mailing.owner), complaints=9, sent=100
    )
    judge()
    assert waits(run) == ("paused", "complaint_rate")
    assert queue.resume_due() == 0
    lift_pause(user_id=run.mailing.owner_id, actor=ManagerFactory.create())
    assert queue.resume_due() == 2
    assert work(run).sent == 1


def test_it_ends_on_its_own_when_the_messages_are_too_old_to_count(clock: ShiftedClock) -> None:
    owner = UserFactory.create()
    bad = ended_run(owner, ago=timedelta(days=3), sent=90, failed=10, hard_bounces=10)
    run = processing_run(2)
    Mailing.objects.filter(pk=run.mailing_id).update(
        owner=owner, ends_at=clock.now() + timedelta(days=30)
    )
    judge()
    assert waits(run) == ("deferred", "bounce_rate")
    hour = bad.finished_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    assert run.deferred_until == hour + timedelta(hours=1) + WINDOW
    clock.go_to(run.deferred_until + timedelta(seconds=1))
    assert work(run).sent == 2
    judge()
    assert SendingPause.objects.get().reason == ""


def test_a_stop_lets_the_bad_run_grow_old() -> None:
    """While it is open nobody can say when its figures will fall."""
    owner = UserFactory.create()
    run = RunFactory.create(
        mailing=MailingFactory.create(owner=owner, status="running"),
        frozen_at=timezone.now(),
        sent=90,
        failed=10,
        hard_bounces=10,
        pending=1,
    )
    judge()
    assert SendingPause.objects.get().until is None
    Run.objects.filter(pk=run.pk).update(
        pending=0, cancelled=1, state="done", finished_at=datetime.now(UTC)
    )
    judge()
    until = SendingPause.objects.get().until
    assert timedelta() <= until - datetime.now(UTC) - WINDOW <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("actor", "allowed"), [("user", False), ("manager", False), ("other", True), ("root", True)]
)
def test_who_may_lift_it(actor: str, allowed: bool) -> None:
    """Nobody lifts the own one, but a superuser: there may be nobody else."""
    paused: User = ManagerFactory.create() if actor == "manager" else UserFactory.create()
    if actor == "root":
        paused = User.objects.create_superuser("root@example.org", "pass")
    ended_run(paused, sent=90, failed=10, hard_bounces=10)
    judge()
    who = ManagerFactory.create() if actor == "other" else paused
    if allowed:
        lift_pause(user_id=paused.pk, actor=who)
    else:
        with pytest.raises(Refused) as refused:
            lift_pause(user_id=paused.pk, actor=who)
        assert refused.value.code == "block_forbidden"
    assert bool(SendingPause.objects.get().reason) is not allowed


# --- who is notified ---


def test_the_user_and_the_managers_are_notified_once() -> None:
    manager = ManagerFactory.create()
    owner = paused_owner()
    for _ in range(3):
        judge()
        notify_owners(timezone.now())
    rows = Notification.objects.filter(code__in=("sending_paused", "user_paused"))
    notifications = {
        notification.owner: render(notification) for notification in rows.select_related("owner")
    }
    assert rows.count() == 2
    assert set(notifications) == {owner, manager}
    with translation.override("en"):
        assert "A manager can lift the pause." in render(notifications[owner].notification).text
        assert owner.email in render(notifications[manager].notification).text
    assert notifications[manager].url.endswith("?status=paused")


def test_the_check_costs_no_more_with_many_runs(django_assert_max_num_queries: Any) -> None:
    owner = UserFactory.create()
    for _ in range(30):
        ended_run(owner, sent=90, failed=10, hard_bounces=10)
    judge()
    with django_assert_max_num_queries(9):  # one of them is the entry in the audit log
        check_all(timezone.now())
