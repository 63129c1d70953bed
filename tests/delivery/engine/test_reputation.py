"""Complaints and bounces by account and domain: exact, alerted, and a stop that nobody misses."""

from __future__ import annotations

import threading
from datetime import UTC, date, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.delivery.engine import reputation
from apps.delivery.selectors.reputation import domain_figures
from apps.delivery.service import DispatchService
from apps.feedback.services.events import receive
from apps.feedback.tracking_event import TrackingEvent
from apps.mailings.ledger import reputation as ledger
from apps.mailings.models import Delivery, Mailing, Reputation, Run, Sender, SendingCount
from apps.mailings.wait_reasons import reason_of
from apps.reports.notifications import render
from apps.users.models import Notification
from config.account_settings import AccountSettings
from tests.delivery.engine.conftest import ShiftedClock
from tests.delivery.engine.workers import assert_equation, send
from tests.factories import ManagerFactory, mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

ACCOUNT = {"kind": "outbox", "from_email": "robot@mail.example.org"}
OWN = ("email", "mail.example.org")


@pytest.fixture(autouse=True)
def _accounts(settings: LazySettings) -> None:
    spare = {**ACCOUNT, "from_email": "robot@spare.example.org"}
    settings.ACCOUNTS = {
        "email": AccountSettings.model_validate(ACCOUNT),
        "spare": AccountSettings.model_validate(spare),
    }
    settings.LIMIT_COMPLAINT_PERCENT = settings.LIMIT_BOUNCE_PERCENT = 0  # those of users


def watch() -> None:
    reputation.watch(timezone.now())


def report(delivery: Delivery, kind: str, number: int = 0) -> None:
    received = TrackingEvent(
        source="generic",
        event_id=f"{kind}-{delivery.pk}-{number}",
        kind=kind,
        sealed=delivery.pk,
        trusted=True,
        reason="invalid" if kind == "bounced" else "",
    )
    receive(received, now=timezone.now())


def sums() -> dict[tuple[str, str], tuple[int, int, int]]:
    """Messages, hard bounces and complaints by account and stored domain."""
    rows = SendingCount.objects.order_by().values_list("account", "domain")
    sums_of = rows.annotate(Sum("messages"), Sum("hard_bounces"), Sum("complaints"))
    return {(account, domain): (sent, hard, spam) for account, domain, sent, hard, spam in sums_of}


def counted(messages: int, complaints: int, *, ago: int = 0, **more: Any) -> SendingCount:
    """A day of the account's figures, so many days ago."""
    day = timezone.now().astimezone(UTC).date() - timedelta(days=ago)
    values = {"account": "email", "domain": "", "day": day, **more}
    return SendingCount.objects.create(messages=messages, complaints=complaints, **values)


def work(mailing: Mailing) -> Run:
    DispatchService().dispatch_due()
    run = Run.objects.get(mailing=mailing)
    DispatchService().work_until(run.pk, threading.Event())
    run.refresh_from_db()
    assert_equation(run)
    return run


# --- what is counted ---


def test_each_accepted_email_counts_once_by_account_and_domain_of_its_sender() -> None:
    send(mailing_to(3))
    send(mailing_to(2, account="spare"))
    mailing = mailing_to(1)
    mailing.sender = Sender.objects.create(
        owner=mailing.owner, address="news@Shop.ru", confirmed_at=timezone.now()
    )
    mailing.save()
    send(mailing)
    for _again in range(2):
        watch()
    expected = {("email", ""): (3, 0, 0), ("spare", ""): (2, 0, 0), ("email", "shop.ru"): (1, 0, 0)}
    assert sums() == expected


def test_they_are_counted_in_parts_and_go_on_where_they_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("apps.mailings.ledger.reputation.CHUNK", 2)
    send(mailing_to(5))
    watch()
    send(mailing_to(2))
    watch()
    assert sums() == {("email", ""): (7, 0, 0)}


def test_what_comes_back_counts_once_where_and_when_the_email_left() -> None:
    run = send(mailing_to(3))
    one, other, _third = run.deliveries.order_by("pk")
    yesterday = timezone.now() - timedelta(days=1)
    run.mailing.attempts.update(created_at=yesterday)
    watch()
    report(one, "complained")
    report(one, "complained", 1)
    report(other, "bounced")
    (row,) = SendingCount.objects.all()
    assert (row.messages, row.hard_bounces, row.complaints) == (3, 1, 1)
    assert row.day == yesterday.astimezone(UTC).date()


def test_a_complaint_goes_to_the_account_that_sent_and_not_to_the_one_of_the_run() -> None:
    run = send(mailing_to(1, account="spare"))
    Run.objects.filter(pk=run.pk).update(account="email")
    report(run.deliveries.get(), "complained")
    watch()
    assert sums() == {("spare", ""): (1, 0, 1)}


def test_a_dead_address_locks_no_figures_within_the_turn_of_a_worker() -> None:
    run = send(mailing_to(1))
    with transaction.atomic():
        ledger.count_refused(run.pk, "email", 2, timezone.now())
        assert not SendingCount.objects.exists()
    assert sums() == {("email", ""): (2, 2, 0)}
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        ledger.count_refused(run.pk, "email", 2, timezone.now())
        1 / 0  # what is not recorded is not counted
    assert sums() == {("email", ""): (2, 2, 0)}


def test_what_is_decided_to_have_been_sent_is_a_message_of_the_day_it_left() -> None:
    run = send(mailing_to(4))
    rows = list(run.deliveries.order_by("pk"))
    yesterday = timezone.now() - timedelta(days=1)
    run.mailing.attempts.update(created_at=yesterday, account="spare", status="unknown")
    run.deliveries.update(state="unknown")
    Run.objects.filter(pk=run.pk).update(sent=0, unknown=4)
    service = DispatchService()
    for row, verdict in zip(rows, ("sent", "failed", "pending"), strict=False):
        service.resolve_unknown(
            run_id=run.pk, delivery_ids=[row.pk], verdict=verdict, actor="boss@example.org"
        )
    report(rows[3], "bounced")
    report(rows[0], "complained")
    watch()
    assert sums() == {("spare", ""): (2, 1, 1)}
    assert SendingCount.objects.get().day == yesterday.astimezone(UTC).date()


# --- alert ---


def test_managers_are_alerted_above_a_tenth_of_a_percent_once_a_day() -> None:
    manager = ManagerFactory.create()
    row = counted(3000, 3)
    watch()
    assert not Notification.objects.exists()  # 0.1 %: not above it
    SendingCount.objects.filter(pk=row.pk).update(complaints=4)
    for _again in range(2):
        watch()
    (notification,) = Notification.objects.all()
    assert (notification.owner_id, notification.code) == (manager.pk, "complaints_high")
    text = render(notification).text
    assert (
        "email sent from mail.example.org" in text
        and "0.13 % was reported as spam (4 of 3,000)" in text
    )
    assert Run.Reason.COMPLAINTS not in Reputation.objects.get().detail
    assert Reputation.objects.get().until is None  # a stop was not asked for


@pytest.mark.parametrize(("messages", "complaints"), [(99, 9), (1000, 2)])
def test_of_few_messages_or_few_cases_nothing_is_judged(messages: int, complaints: int) -> None:
    ManagerFactory.create()
    counted(messages, complaints)
    watch()
    assert not Notification.objects.exists()


def test_the_share_is_of_seven_days_and_of_one_domain() -> None:
    ManagerFactory.create()
    counted(100, 90, ago=7)
    counted(9000, 3)
    counted(100, 2, domain="shop.ru")
    watch()
    assert not Notification.objects.exists()


# --- stop ---


def stopped(settings: LazySettings, *, ago: int = 0) -> None:
    settings.LIMIT_ACCOUNT_COMPLAINT_PERCENT = 0.3
    counted(1000, 4, ago=ago)
    watch()


def test_the_runs_of_a_stopped_account_wait_with_reason_figures_and_time(
    settings: LazySettings,
) -> None:
    manager = ManagerFactory.create()
    stopped(settings, ago=2)
    run = send(mailing_to(2))
    assert (run.state, run.reason, run.pending) == ("deferred", "complaints", 2)
    assert "4 of 1,000 sent, 0.4 %; the limit is 0.3 %" in reason_of(run)
    assert run.deferred_until == min(run.mailing.ends_at, Reputation.objects.get().until)
    mine = Notification.objects.filter(owner=manager, code="complaints_stopped")
    assert "sends nothing from mail.example.org until" in render(mine.get()).text
    assert_equation(run)


def test_it_ends_when_the_messages_that_caused_it_are_too_old(settings: LazySettings) -> None:
    counted(10_000, 0)
    counted(1000, 40, ago=3)
    settings.LIMIT_ACCOUNT_COMPLAINT_PERCENT = 0.3
    watch()
    day = timezone.now().astimezone(UTC).date() + timedelta(days=4)
    assert Reputation.objects.get().until.date() == day


def test_another_account_and_another_domain_go_on(settings: LazySettings) -> None:
    stopped(settings)
    assert send(mailing_to(1, account="spare")).sent == 1
    mailing = mailing_to(1)
    mailing.sender = Sender.objects.create(
        owner=mailing.owner, address="news@shop.ru", confirmed_at=timezone.now()
    )
    mailing.save()
    assert send(mailing).sent == 1


def test_a_run_that_is_being_sent_stops_too(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.delivery.engine.worker.preconditions._ACCOUNT_EVERY", 0.0)
    values = {**ACCOUNT, "window": 1, "per_minute": 1}
    settings.ACCOUNTS = {"email": AccountSettings.model_validate(values)}
    mailing = mailing_to(3)
    send(mailing)
    stopped(settings)
    Run.objects.update(state="queued", reason="", deferred_until=None)
    run = work(mailing)
    assert (run.reason, run.pending + run.sent) == ("complaints", 3)


def test_a_manager_lets_it_send_again(settings: LazySettings, clock: ShiftedClock) -> None:
    stopped(settings)
    mailing = mailing_to(2)
    send(mailing)
    assert DispatchService().allow_sending(account="email", domain="mail.example.org")
    assert not DispatchService().allow_sending(account="email", domain="mail.example.org")
    watch()  # what was sent so far counts no more
    run = work(mailing)
    assert (run.outcome, run.sent) == ("success", 2)


def test_a_share_that_falls_wakes_the_runs(settings: LazySettings) -> None:
    stopped(settings)
    mailing = mailing_to(1)
    send(mailing)
    counted(9000, 0, ago=1)
    watch()
    assert work(mailing).sent == 1


def test_without_the_setting_nothing_stops_and_switching_it_off_ends_a_stop(
    settings: LazySettings,
) -> None:
    stopped(settings)
    mailing = mailing_to(1)
    send(mailing)
    settings.LIMIT_ACCOUNT_COMPLAINT_PERCENT = 0
    watch()
    assert work(mailing).sent == 1


def test_the_page_reads_what_is_counted(settings: LazySettings) -> None:
    stopped(settings)
    counted(50, 1, domain="mail.example.org")
    figures = domain_figures(timezone.now())["mail.example.org"]
    (line,) = figures.accounts
    assert (line.account, line.messages, line.complaints) == ("email", 1050, 5)
    assert line.stop is not None
    assert isinstance(figures.days[-1].day, date) and figures.days[-1].complaints == 5
    assert len(figures.days) == 30


def test_a_look_that_finds_nothing_new_writes_nothing(
    settings: LazySettings,
) -> None:
    stopped(settings)
    send(mailing_to(1, account="spare"))
    watch()
    with CaptureQueriesContext(connection) as queries:
        watch()
    assert not [one for one in queries if not one["sql"].lstrip().startswith("SELECT")]
