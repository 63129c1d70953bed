"""A reply that is about the server, the account or the letter costs no recipient a try."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from apps.delivery.accounts import state_row
from apps.delivery.models import AccountState
from apps.delivery.service import DispatchService
from apps.mailings.models import Attempt, Delivery, Run, Suppression
from config.account_settings import AccountSettings
from tests.delivery.engine.conftest import ShiftedClock
from tests.delivery.engine.workers import assert_equation, send
from tests.factories import MailingFactory, RecipientFactory, mailing_to
from tests.smtp_server import Behavior, SmtpServer, say

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


def go_on(run: Run) -> Run:
    """What the scheduler does when a wait is over."""
    service = DispatchService()
    service.dispatch_due()
    service.work_until(run.pk, threading.Event())
    run.refresh_from_db()
    assert_equation(run)
    return run


def tries() -> Counter[int]:
    return Counter(Delivery.objects.values_list("tries", flat=True))


# --- the server: rate, session, load ---


@pytest.mark.parametrize("connections", [1, 4])
def test_a_rate_that_is_refused_at_mail_uses_up_no_try(
    settings: LazySettings, clock: ShiftedClock, connections: int
) -> None:
    """Postfix: smtpd_client_message_rate_limit (case smtp-450-rate-at-mail)."""
    settings.DISPATCH_MAX_TRIES, settings.DISPATCH_RETRY_SECONDS = 3, 1
    with SmtpServer(Behavior(rate=(10, 3600))) as server:
        use(settings, server, max_connections=connections)
        run = send(mailing_to(45))
        for _ in range(20):
            if run.state == Run.State.DONE:
                break
            assert (run.state, run.reason) == ("deferred", "server_busy")
            assert "slow down" in run.reason_detail
            assert run.deferred_until <= clock.now() + timedelta(seconds=1)
            server.another_hour()
            clock.forward(seconds=1)
            run = go_on(run)

        assert (run.outcome, run.sent, run.failed) == ("success", 45, 0)
        assert tries() == {1: 45}
        assert len(set(server.ids())) == len(server.accepted) == 45


def test_the_rest_grows_while_nothing_is_taken_and_ends_with_the_first_letter(
    settings: LazySettings, clock: ShiftedClock
) -> None:
    with SmtpServer(Behavior(rate=(5, 3600))) as server:
        use(settings, server)
        run = send(mailing_to(20))
        rests = []
        for _ in range(5):
            row = state_row("email")
            rests.append(round((row.not_before - row.last_error_at).total_seconds()))
            clock.go_to(run.deferred_until + timedelta(seconds=0.1))
            run = go_on(run)

        assert rests == [1, 2, 4, 8, 16]
        assert (run.pending, tries()) == (15, {1: 5, 0: 15})

        server.another_hour()
        clock.go_to(run.deferred_until + timedelta(seconds=0.1))
        run = go_on(run)
        assert (run.sent, run.reason) == (10, "server_busy")
        assert state_row("email").cooldowns == 1


def test_a_limit_of_letters_per_connection_costs_nothing_and_is_remembered(
    settings: LazySettings,
) -> None:
    """OpenSMTPD as it is installed (case smtp-452-per-session)."""
    settings.DISPATCH_MAX_TRIES = 2
    with SmtpServer(Behavior(per_session=10)) as server:
        use(settings, server)
        mailing = mailing_to(120)
        run = send(mailing)

        assert (run.outcome, run.sent) == ("success", 120)
        assert tries() == {1: 120}
        row = AccountState.objects.get(name="email")
        assert (row.letters_per_connection, row.cooldowns, row.failures) == (10, 0, 0)

        before = server.refused
        DispatchService().reset(mailing_id=mailing.pk)
        assert send(mailing).sent == 120
        assert server.refused == before, "the next worker ends its connections itself"


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("DOT", "454 Throttling failure: Maximum sending rate exceeded."),
        ("DOT", "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded"),
        ("DOT", "451 4.7.500 Server busy"),
        ("RCPT", "451 4.3.0 Temporary lookup failure"),
        ("MAIL", "421 4.3.2 shutting down"),
    ],
)
def test_a_system_that_is_full_is_waited_for(
    server: SmtpServer, settings: LazySettings, clock: ShiftedClock, command: str, reply: str
) -> None:
    use(settings, server)
    server.on(command, say(reply), times=12)
    run = send(mailing_to(30))
    for _ in range(12):
        if run.state == Run.State.DONE:
            break
        clock.go_to(run.deferred_until + timedelta(seconds=1))
        run = go_on(run)

    assert (run.outcome, run.sent, run.failed) == ("success", 30, 0)
    assert tries() == {1: 30}
    assert not Attempt.objects.exclude(status="success").exists()


def test_one_letter_that_the_server_defers_comes_back_later_without_a_try(
    server: SmtpServer, settings: LazySettings
) -> None:
    use(settings, server)
    mailing = mailing_to(20)
    RecipientFactory(owner=mailing.owner, email="anna@example.org")
    server.on("DOT", say("451 4.7.1 Try again later"), to="anna@example.org")
    run = send(mailing)

    assert (run.sent, run.pending, run.reason) == (20, 1, "transient_error")
    anna = Delivery.objects.get(address="anna@example.org")
    assert (anna.state, anna.tries, anna.code) == ("pending", 0, 451)
    assert anna.not_before > timezone.now() + timedelta(minutes=4)
    assert state_row("email").is_available(timezone.now())


@pytest.mark.parametrize("banner", ["mx ESMTP Postfix", "mx ESMTP Haraka/3.0.3 ready"])
def test_503_behind_the_dot_fails_nobody_and_is_remembered(
    settings: LazySettings, banner: str
) -> None:
    """Haraka (case smtp-503-after-dot)."""
    with SmtpServer(Behavior(banner=banner, behind="503")) as server:
        use(settings, server)
        mailing = mailing_to(40)
        run = send(mailing)
        assert (run.outcome, run.sent) == ("success", 40)
        assert len(server.accepted) == 40 and tries() == {1: 40}
        known = AccountState.objects.get(name="email").pipelining
        assert known == ("envelope" if "Postfix" in banner else "cautious")

        provoked = server.behind
        DispatchService().reset(mailing_id=mailing.pk)
        assert send(mailing).sent == 40
        assert server.behind == provoked <= 1


def test_another_server_is_asked_anew(settings: LazySettings) -> None:
    AccountState.objects.create(
        name="email", server="old.example.org:25", pipelining="off", learned_at=timezone.now()
    )
    with SmtpServer(Behavior(banner="mx ESMTP Postfix")) as server:
        use(settings, server)
        send(mailing_to(20))

    row = AccountState.objects.get(name="email")
    assert (row.server, row.pipelining) == (f"127.0.0.1:{server.port}", "full")


# --- the account, the letter ---


def test_a_name_that_the_server_does_not_like_burns_nobody(
    server: SmtpServer, settings: LazySettings
) -> None:
    """Postfix: reject_non_fqdn_helo_hostname (case smtp-helo-fqdn)."""
    use(settings, server)
    server.on("RCPT", say("504 5.5.2 <localhost>: Helo command rejected: need fully-qualified"))
    run = send(mailing_to(60))

    assert_equation(run)
    assert (run.state, run.reason, run.pending) == ("paused", "account_disabled", 60)
    assert "Helo command rejected" in run.reason_detail
    assert not Attempt.objects.exists()


def test_a_letter_that_is_refused_everywhere_pauses_its_run_and_not_the_account(
    server: SmtpServer, settings: LazySettings
) -> None:
    use(settings, server)
    server.on("DOT", say("554 5.7.1 content rejected"))
    run = send(mailing_to(60))

    assert_equation(run)
    assert (run.state, run.reason, run.failed, run.pending) == ("paused", "refusals", 0, 60)
    assert run.reason_detail.startswith("@all_refused 20 ")
    assert "content rejected" in run.reason_detail
    assert state_row("email").is_available(timezone.now()), "other mailings go on"
    assert len(server.accepted) == 0 and not Attempt.objects.exists()

    server.forget()
    DispatchService().resume(mailing_id=run.mailing_id)
    run = go_on(run)
    assert (run.outcome, run.sent) == ("success", 60)


def test_the_row_of_refusals_goes_on_over_the_pauses_of_a_limit(
    server: SmtpServer, settings: LazySettings, clock: ShiftedClock
) -> None:
    """Ten a minute: every worker sees ten refusals only."""
    use(settings, server, per_minute=10)
    clock.to_whole_hour()
    server.on("RCPT", say("550 5.7.1 no"))
    run = send(mailing_to(60))
    for _ in range(4):
        if run.state == Run.State.PAUSED:
            break
        clock.forward(minutes=1)
        run = go_on(run)

    assert (run.state, run.reason) == ("paused", "refusals")
    assert run.failed <= 20


# --- the recipient ---


def test_who_does_not_exist_is_not_written_to_again(
    server: SmtpServer, settings: LazySettings
) -> None:
    """Case smtp-511-at-rcpt."""
    use(settings, server)
    mailing = MailingFactory.create()
    for name in ("gone", "full", "fast", "anna", "olga"):
        RecipientFactory(owner=mailing.owner, email=f"{name}@example.org")
    server.on("RCPT", say("550 5.1.1 nobody of that name"), to="gone@example.org")
    server.on("RCPT", say("552 5.2.2 mailbox full"), to="full@example.org")
    server.on("RCPT", say("550 5.2.1 receiving mail too quickly"), to="fast@example.org")
    run = send(mailing)

    assert (run.sent, run.failed) == (2, 3)
    (block,) = Suppression.objects.all()
    assert (block.address, block.channel, block.reason) == ("gone@example.org", "email", "bounced")
    assert block.owner_id == mailing.owner_id

    DispatchService().reset(mailing_id=mailing.pk)
    second = send(mailing)
    assert (second.suppressed, second.sent, second.failed) == (1, 2, 2)
