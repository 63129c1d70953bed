"""A message to one recipient: past every mailing, and by the same ledger, limits and end."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core.errors import Refused
from apps.delivery.engine.runs import queue
from apps.delivery.engine.worker import rescue
from apps.delivery.engine.worker.pool import WorkerPool, drain_lane
from apps.delivery.models import AccountState, LimitWindow, WorkerLease
from apps.delivery.service import DispatchService, worker_settings
from apps.mailings.models import Attempt, Delivery, Mailing, Message, Recipient, Run
from apps.mailings.services.transactional import (
    Address,
    Sent,
    TransactionalMessage,
    send_transactional,
)
from tests.delivery.engine.conftest import Declare, ShiftedClock
from tests.delivery.engine.workers import assert_equation, send
from tests.factories import (
    MessageFactory,
    RecipientFactory,
    RunFactory,
    SuppressionFactory,
    mailing_to,
)
from tests.faults.processes.children import wait_until
from tests.smtp_server import HANG, SmtpServer

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def single(message: Message, to: str | Recipient = "anna@example.org", **more: Any) -> Sent:
    address = Address("email", to) if isinstance(to, str) else to
    asked = TransactionalMessage(
        message=message, to=address, channel="email", account="email", **more
    )
    return send_transactional(message_request=asked, trigger="api")


def work(sent: Sent) -> Run:
    """Send it in this thread, until nothing can be done now."""
    service = DispatchService()
    service.dispatch_due()
    service.work_until(sent.run_id, threading.Event())
    return Run.objects.get(pk=sent.run_id)


def state_of(sent: Sent) -> str:
    return Delivery.objects.get(pk=sent.delivery_id).state


def letters(folder: Path) -> list[EmailMessage]:
    files = sorted(folder.glob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


def ended(name: str) -> None:
    """Until the thread of this name has left; it may have done so already."""
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join(20)
            assert not thread.is_alive()


def test_it_goes_out_beside_a_run_that_keeps_the_account_busy(declare: Declare) -> None:
    busy, senders = mailing_to(0), WorkerPool(worker_settings)
    RecipientFactory.create(owner=busy.owner, email="slow@example.org")
    with SmtpServer() as server:
        server.on("DOT", HANG, to="slow@example.org")
        place = {"host": "127.0.0.1", "port": server.port, "security": "none"}
        declare(kind="smtp", max_connections=4, timeout=5, **place)
        launched = DispatchService().launch(mailing_id=busy.pk, trigger="manual")
        senders.ensure_workers()
        assert server.wait_for(b"DATA", 1)
        before = server.connected

        sent = single(busy.message)
        senders.ensure_workers()
        ended("sender-email-urgent")

        assert state_of(sent) == "sent"
        run = Run.objects.get(pk=launched.run_id)
        assert (run.state, run.sending) == ("processing", 1)
        assert server.connected - before == 1  # one message, one connection
    senders.stop()
    assert_equation(Run.objects.get(pk=sent.run_id))


def test_one_that_hangs_does_not_hold_the_next(declare: Declare) -> None:
    message, senders = MessageFactory.create(), WorkerPool(worker_settings)
    with SmtpServer() as server:
        server.on("DOT", HANG, to="slow@example.org")
        place = {"host": "127.0.0.1", "port": server.port, "security": "none"}
        declare(kind="smtp", max_connections=2, timeout=60, **place)
        slow = [single(message, "slow@example.org")]
        senders.ensure_workers()
        assert server.wait_for(b"DATA", 1)
        quick = [single(message), single(message)]
        senders.ensure_workers()
        assert wait_until(lambda: [state_of(one) for one in quick] == ["sent"] * 2, 10.0)

        slow.append(single(message, "slow@example.org"))
        senders.ensure_workers()
        assert server.wait_for(b"DATA", 4)
        waits = single(message)
        senders.ensure_workers()
        # No more of them than the account may have connections.
        assert WorkerLease.objects.filter(ended_at__isnull=True).count() == 2
        assert [state_of(one) for one in (*slow, waits)] == ["sending", "sending", "pending"]
    senders.stop()


def test_one_that_comes_while_the_lane_is_being_left_does_not_wait_for_the_next_look(
    declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(max_connections=1)
    message, senders = MessageFactory.create(), WorkerPool(worker_settings)
    sent = [single(message)]

    def serve(account: str, **how: Any) -> None:
        drain_lane(account, **how)
        if len(sent) == 1:
            sent.append(single(message))
            senders.ensure_workers()  # the only thread is still there

    monkeypatch.setattr("apps.delivery.engine.worker.pool.drain_lane", serve)
    senders.ensure_workers()
    ended("sender-email-urgent")
    senders.stop()
    assert [state_of(one) for one in sent] == ["sent", "sent"]


def test_a_mailing_does_not_go_in_the_urgent_lane(declare: Declare) -> None:
    declare()
    mailing = mailing_to(2)
    DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    assert queue.accounts_with_work(urgent=True) == {}
    drain_lane("email", urgent=True, settings=worker_settings(), stop=threading.Event())
    assert Run.objects.get().state == "preparing"

    sent = single(mailing.message)
    assert queue.accounts_with_work(urgent=True) == {"email": 1}
    drain_lane("email", urgent=False, settings=worker_settings(), stop=threading.Event())
    assert state_of(sent) == "pending"


def test_it_is_whole_in_the_ledger_before_anybody_sends(declare: Declare) -> None:
    declare()
    message = MessageFactory.create()
    sent = single(message, expires_in=600)
    run = Run.objects.select_related("mailing").get(pk=sent.run_id)
    assert (run.state, run.urgent, run.audience, run.pending) == ("queued", True, 1, 1)
    assert (run.trigger, run.mailing.kind, run.mailing.status) == (
        "api",
        "transactional",
        "running",
    )
    assert run.mailing.ends_at - run.mailing.starts_at == timedelta(minutes=10)
    assert (state_of(sent), sent.state) == ("pending", "pending")
    assert Recipient.objects.get(email="anna@example.org").owner == message.owner

    assert work(sent).outcome == "success"
    attempt = Attempt.objects.get()
    assert (attempt.delivery_id, attempt.trigger, attempt.status) == (
        sent.delivery_id,
        "api",
        "success",
    )
    assert Mailing.objects.get().status == "completed"


def test_many_go_in_the_order_in_which_they_were_asked_for(declare: Declare) -> None:
    declare()
    message = MessageFactory.create()
    asked = [single(message, f"anna{number}@example.org") for number in range(6)]
    drain_lane("email", urgent=True, settings=worker_settings(), stop=threading.Event())
    gone = list(Attempt.objects.order_by("pk").values_list("delivery_id", flat=True))
    assert gone == [one.delivery_id for one in asked]


def test_it_takes_its_place_in_the_accounts_limit_and_waits_for_the_next_one(
    clock: ShiftedClock, declare: Declare
) -> None:
    declare(per_hour=1)
    clock.to_whole_hour()
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    now = clock.now()
    mailing = mailing_to(1, starts_at=now - timedelta(minutes=1), ends_at=now + timedelta(days=1))
    assert send(mailing).sent == 1

    sent = single(mailing.message)
    run = work(sent)
    assert (run.state, run.reason) == ("deferred", "rate_limit")
    assert run.deferred_until == hour + timedelta(hours=1)
    assert_equation(run)

    clock.forward(hours=1)
    assert work(sent).outcome == "success"
    assert list(LimitWindow.objects.values_list("used", flat=True)) == [1, 1]


def test_nothing_leaves_after_its_end(clock: ShiftedClock, declare: Declare) -> None:
    declare()
    sent = single(MessageFactory.create(), expires_in=60)
    clock.forward(seconds=61)
    run = work(sent)
    DispatchService().reconcile()
    run.refresh_from_db()
    assert (state_of(sent), run.outcome) == ("expired", "expired")
    assert not Attempt.objects.exists()


def test_the_given_fields_go_before_the_recipients_own_and_are_as_harmless(
    declare: Declare, tmp_path: Path
) -> None:
    declare()
    message = MessageFactory.create(
        subject="Order {{ order }} of {{ full_name }}",
        text="{{ attributes.order }} {{ city }}",
        html="<p>{{ order }} {{ city }}</p>",
    )
    person = RecipientFactory.create(
        owner=message.owner, full_name="Anna", attributes={"order": "old", "city": "Omsk"}
    )
    work(single(message, person, fields={"order": "<b>A-1</b>"}))
    (letter,) = letters(tmp_path / "outbox")
    assert letter["Subject"] == "Order <b>A-1</b> of Anna"
    plain, html = letter.iter_parts()
    assert isinstance(plain, EmailMessage) and isinstance(html, EmailMessage)
    assert plain.get_content().strip() == "<b>A-1</b> Omsk"
    assert "<p>&lt;b&gt;A-1&lt;/b&gt; Omsk</p>" in html.get_content()


def test_the_given_fields_stay_with_it_through_a_reset_and_an_edited_message(
    declare: Declare, tmp_path: Path
) -> None:
    declare()
    message = MessageFactory.create(subject="Order {{ order }}", text="One", html="")
    sent, service = single(message, fields={"order": "A-1"}), DispatchService()
    service.pause(mailing_id=sent.mailing_id)
    Message.objects.update(text="Two", revision=2)
    assert service.replace_content(mailing_id=sent.mailing_id) == 1
    service.resume(mailing_id=sent.mailing_id)
    work(sent)
    service.reset(mailing_id=sent.mailing_id)
    run = send(Mailing.objects.get())
    assert (run.number, run.urgent, run.sent) == (2, True, 1)
    recorded = [(one["Subject"], one.get_content().strip()) for one in letters(tmp_path / "outbox")]
    assert recorded == [("Order A-1", "Two")] * 2


def test_however_many_wait_a_round_of_the_scheduler_costs_the_same(declare: Declare) -> None:
    declare()
    later = timezone.now() + timedelta(hours=1)
    AccountState.objects.create(name="other", state="down")

    def wait(count: int) -> None:
        for _ in range(count):
            RunFactory.create(state="deferred", reason="rate_limit", deferred_until=later)
            RunFactory.create(state="paused", reason="account_disabled", account="other")
            RunFactory.create(state="paused", reason="paused_by_user")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert queue.resume_due() == 0
            rescue.reconcile_runs()
        return len(queries)

    wait(1)
    before = cost()
    wait(10)
    assert cost() == before


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("suppressed", {"to": "gone@example.org"}),
        ("no_address", {"to": RecipientFactory}),
        ("recipient_archived", {"to": "archived@example.org"}),
        ("account_disabled", {}),
        ("template_syntax", {"text": "{% if %}"}),
    ],
)
def test_what_can_be_known_to_fail_is_refused_and_leaves_nothing(
    code: str, asked: dict[str, Any], declare: Declare
) -> None:
    declare()
    message = MessageFactory.create(text=asked.pop("text", "Hello"), html="")
    owner, now = message.owner, message.created_at
    SuppressionFactory.create(owner=owner, address="gone@example.org")
    RecipientFactory.create(owner=owner, email="archived@example.org", archived_at=now)
    if code == "account_disabled":
        DispatchService().switch_account("email")
    if code == "no_address":
        asked["to"] = RecipientFactory.create(owner=owner, email=None, phone="79161234567")
    before = Recipient.objects.count()
    with pytest.raises(Refused) as refusal:
        single(message, **asked)
    assert refusal.value.code == code
    assert (Mailing.objects.count(), Run.objects.count()) == (0, 0)
    assert Recipient.objects.count() == before


def test_one_address_makes_one_recipient_whatever_comes_first(declare: Declare) -> None:
    declare()
    message = MessageFactory.create()

    def ask(_number: int) -> Sent:
        try:
            return single(message, "New@Example.org")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        asked = list(pool.map(ask, range(8)))
    assert Recipient.objects.get().email == "new@example.org"
    assert len({one.delivery_id for one in asked}) == Delivery.objects.count() == 8
