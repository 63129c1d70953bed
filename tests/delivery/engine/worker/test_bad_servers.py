"""A server that misbehaves: each recipient ends in its own state, and none stops the others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone

from apps.delivery.models import AccountState
from apps.delivery.service import DispatchService
from apps.mailings.models import Attempt, Delivery, Mailing, Run
from config.account_settings import AccountSettings
from tests.delivery.engine.workers import assert_equation, send
from tests.factories import MailingFactory, RecipientFactory, mailing_to
from tests.smtp_server import CLOSE, HANG, Behavior, SmtpServer, say

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running


def use(settings: LazySettings, server: SmtpServer, **more: object) -> None:
    values: dict[str, Any] = {"security": "none", "max_connections": 2, "timeout": 5, **more}
    settings.ACCOUNTS = {
        "email": AccountSettings(kind="smtp", host="127.0.0.1", port=server.port, **values)
    }


def delivery_to(address: str) -> Delivery:
    return Delivery.objects.get(address=address)


def cast() -> Mailing:
    """Ten ordinary recipients, and five with whom something happens."""
    mailing = MailingFactory.create()
    RecipientFactory.create_batch(10, owner=mailing.owner)
    for name in ("later", "nobody", "full", "lost", "silent"):
        RecipientFactory(owner=mailing.owner, email=f"{name}@example.org")
    return mailing


def test_each_ends_in_its_own_state_with_the_reply_and_the_others_are_served(
    server: SmtpServer, settings: LazySettings
) -> None:
    use(settings, server, timeout=0.3)
    server.on("RCPT", say("450 4.2.1 greylisted, come back"), to="later@example.org")
    server.on("RCPT", say("550 5.1.1 no such user"), to="nobody@example.org")
    server.on("DOT", say("552 5.2.2 mailbox full"), to="full@example.org")
    server.on("DOT", CLOSE, to="lost@example.org")
    server.on("DOT", HANG, to="silent@example.org")
    run = send(cast())
    assert_equation(run)
    assert (run.audience, run.sent, run.failed, run.unknown, run.pending) == (15, 10, 2, 2, 1)
    assert (run.state, run.reason) == ("deferred", "transient_error")
    later, nobody = delivery_to("later@example.org"), delivery_to("nobody@example.org")
    assert (later.state, later.code, later.tries) == ("pending", 450, 1)
    assert "greylisted" in later.response
    assert run.deferred_until == later.not_before > timezone.now() + timedelta(minutes=4)
    assert (nobody.state, nobody.code) == ("failed", 550)
    assert "no such user" in nobody.response
    assert delivery_to("full@example.org").state == "failed"
    assert delivery_to("lost@example.org").state == "unknown"
    assert delivery_to("silent@example.org").state == "unknown"
    # The two unknown had in truth been taken: what is unknown may not be sent again on its own.
    assert len(server.accepted) == 12 == len(set(server.ids()))
    assert dict(
        Attempt.objects.filter(delivery__address__startswith="lost").values_list("status", "kind")
    ) == {"unknown": "delivery"}


def test_who_was_deferred_is_tried_again_and_served(
    server: SmtpServer, settings: LazySettings
) -> None:
    use(settings, server)
    server.on("RCPT", say("450 4.2.1 come back"), times=1)
    run = send(mailing_to(3))
    assert (run.sent, run.pending) == (2, 1)
    past = timezone.now() - timedelta(seconds=1)
    Delivery.objects.filter(state="pending").update(not_before=past)
    Run.objects.update(deferred_until=past)
    service = DispatchService()
    service.dispatch_due()
    service.work_until(run.pk, threading.Event())
    run.refresh_from_db()
    assert (run.state, run.outcome, run.sent) == ("done", "success", 3)
    assert Attempt.objects.filter(status="failure").count() == 1


def test_421_burns_nobody(server: SmtpServer, settings: LazySettings) -> None:
    use(settings, server)
    server.on("MAIL", say("421 4.3.2 shutting down", close=True), times=1)
    run = send(mailing_to(6))
    assert_equation(run)
    assert (run.failed, run.unknown) == (0, 0)
    assert run.sent + run.pending == 6
    assert run.sent >= 5


@pytest.mark.parametrize("pipelining", [True, False])
def test_with_and_without_pipelining_everybody_is_served(
    settings: LazySettings, pipelining: bool
) -> None:
    with SmtpServer(Behavior(pipelining=pipelining)) as server:
        use(settings, server)
        run = send(mailing_to(20))
        assert (run.outcome, run.sent, len(server.accepted)) == ("success", 20, 20)


@pytest.mark.parametrize("offered", [True, False])
def test_a_cyrillic_local_part_needs_smtputf8(settings: LazySettings, offered: bool) -> None:
    with SmtpServer(Behavior(smtputf8=offered)) as server:
        use(settings, server)
        mailing = mailing_to(2)
        RecipientFactory(owner=mailing.owner, email="почта@example.org")
        run = send(mailing)
        assert_equation(run)
        assert (run.sent, run.failed) == ((3, 0) if offered else (2, 1))


def test_a_server_that_is_gone_burns_nobody_and_the_run_says_until_when(
    server: SmtpServer, settings: LazySettings
) -> None:
    use(settings, server)
    server.on("GREETING", say("554 5.3.2 no service here", close=True))
    run = send(mailing_to(4))
    assert_equation(run)
    assert (run.pending, run.failed, run.unknown) == (4, 0, 0)
    assert (run.state, run.reason) == ("deferred", "channel_down")
    assert run.deferred_until > timezone.now()
    assert "no service here" in run.reason_detail
    account = AccountState.objects.get(name="email")
    assert (account.state, account.failures) == ("ready", 1)
    assert not Attempt.objects.exists()


def test_a_refused_log_in_stops_the_account_and_burns_nobody(settings: LazySettings) -> None:
    with SmtpServer(Behavior(auth=("PLAIN",), user="u", password="right")) as server:
        use(settings, server, username="u", password="wrong")
        run = send(mailing_to(4))
        assert_equation(run)
        assert (run.pending, run.state, run.reason) == (4, "paused", "account_disabled")
        assert AccountState.objects.get(name="email").state == "down"
        assert server.accepted == []


def test_nothing_leaves_after_the_end(server: SmtpServer, settings: LazySettings) -> None:
    use(settings, server)
    mailing = mailing_to(400)
    server.on("DOT", replace(say("250 2.0.0 Ok"), wait=0.02))

    def end_after_twenty() -> None:
        try:
            assert server.wait_for(b"DATA", 20, seconds=30)
            Mailing.objects.filter(pk=mailing.pk).update(ends_at=timezone.now())
        finally:
            connection.close()

    ending = threading.Thread(target=end_after_twenty)
    ending.start()
    run = send(mailing)
    ending.join()
    assert_equation(run)
    assert (run.state, run.outcome, run.pending) == ("done", "partial", 0)
    assert run.expired > 0
    assert run.sent == len(server.accepted) == 400 - run.expired
