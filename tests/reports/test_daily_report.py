"""The daily report: yesterday's figures, once for everybody, however often it is asked."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection

from apps.delivery.engine import system_messages
from apps.delivery.models import AccountState, SystemMessage
from apps.delivery.service import DispatchService
from apps.mailings.models import Attempt, Run
from apps.mailings.services.transactional import Address, TransactionalMessage, send_transactional
from apps.reports.daily_report import DailyReport, failed_attempts, letter_of, parts_of, sums_of
from tests.delivery.engine.conftest import Declare, ShiftedClock, clock, declare
from tests.delivery.engine.workers import send
from tests.factories import AttemptFactory, DeliveryFactory, RunFactory, mailing_to
from tests.smtp_server import SmtpServer, say

__all__ = ["clock", "declare"]
pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

DAY = date(2026, 11, 24)
#: Half past eight in Moscow, on the day after.
MORNING = datetime(2026, 11, 25, 5, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def wanted(settings: LazySettings) -> None:
    settings.DAILY_REPORT_RECIPIENTS = ["anna@example.org"]
    settings.DAILY_REPORT_HOUR = 8
    settings.TIME_ZONE = "Europe/Moscow"


@pytest.fixture
def server(declare: Declare) -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        declare(kind="smtp", host="127.0.0.1", port=running.port, security="none", timeout=5)
        yield running


def report(now: datetime = MORNING) -> None:
    DailyReport().run(now, lambda: False)


def daily(*args: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("daily_report", *args, stdout=out)
    except SystemExit as left:
        assert isinstance(left.code, int)
        return left.code, out.getvalue()
    return 0, out.getvalue()


def test_it_is_sent_once_when_its_hour_has_come(server: SmtpServer) -> None:
    report(MORNING - timedelta(hours=1))
    assert server.accepted == []
    for minutes in (0, 3, 6, 600):
        report(MORNING + timedelta(minutes=minutes))
    (letter,) = server.accepted
    assert letter.recipient == b"anna@example.org"
    report(MORNING + timedelta(days=1))
    assert len(server.accepted) == 2


def test_it_is_no_letter_of_a_list(settings: LazySettings, server: SmtpServer) -> None:
    """There is nothing to leave, and no delivery that its bounce could be about."""
    settings.BOUNCE_ADDRESS = "bounces@example.org"
    report()
    (letter,) = server.accepted
    head = letter.data.partition(b"\r\n\r\n")[0].lower()
    for name in (b"list-unsubscribe", b"list-id", b"precedence"):
        assert name not in head
    assert b"+" not in letter.sender
    assert b"auto-submitted: auto-generated" in head


def test_of_several_processes_one_sends_it(server: SmtpServer) -> None:
    together = threading.Barrier(4)

    def ask() -> None:
        together.wait(10)
        try:
            report()
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(server.accepted) == 1
    assert SystemMessage.objects.get().tries == 1


def test_a_process_that_died_with_it_leaves_it_unknown_and_nobody_sends_a_second_one(
    server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(**letter: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(system_messages, "send_plain", dies)
        with pytest.raises(KeyboardInterrupt):
            report()
    report(MORNING + timedelta(hours=5))
    assert server.accepted == []
    assert daily("--date", DAY.isoformat()) == (1, "anna@example.org: unknown\n")
    assert daily("--date", DAY.isoformat(), "--again")[0] == 0
    assert len(server.accepted) == 1


def test_what_has_not_left_is_tried_again_after_a_while(
    server: SmtpServer, clock: ShiftedClock
) -> None:
    server.on("RCPT", say("450 4.2.1 later"), times=1)
    report()
    report()
    assert (SystemMessage.objects.get().verdict, server.accepted) == ("retry", [])
    clock.forward(minutes=11)
    report()
    row = SystemMessage.objects.get()
    assert (row.verdict, row.tries, len(server.accepted)) == ("sent", 2, 1)
    clock.forward(minutes=11)
    report()
    assert len(server.accepted) == 1


def test_an_account_out_of_service_is_a_reason_to_wait(
    server: SmtpServer, clock: ShiftedClock
) -> None:
    AccountState.objects.create(name="email", state="down")
    report()
    assert "account_disabled" in SystemMessage.objects.get().response
    AccountState.objects.update(state="ready")
    clock.forward(minutes=11)
    report()
    assert len(server.accepted) == 1


def test_one_who_is_refused_for_good_is_not_asked_again(
    settings: LazySettings, server: SmtpServer, clock: ShiftedClock
) -> None:
    settings.DAILY_REPORT_RECIPIENTS = ["nobody@example.org", "anna@example.org"]
    server.on("RCPT", say("550 5.1.1 no such user"), to="nobody@example.org")
    assert daily("--date", DAY.isoformat()) == (
        1,
        "nobody@example.org: failed\nanna@example.org: sent\n",
    )
    clock.forward(minutes=11)
    report()
    assert len(server.accepted) == 1


def tried(moment: datetime, run: Run, *, state: str = "sent") -> Attempt:
    Run.objects.filter(pk=run.pk).update(started_at=moment, last_progress_at=moment)
    delivery = DeliveryFactory.create(run=run, state=state)
    status = "failure" if state == "failed" else "success"
    return AttemptFactory.create(delivery=delivery, created_at=moment, status=status)


def test_the_day_is_that_of_the_sites_zone() -> None:
    """23:30 in Moscow is 20:30 in Greenwich; half past midnight belongs to the next day."""
    run = RunFactory.create()
    tried(datetime(2026, 11, 24, 20, 30, tzinfo=UTC), run)
    tried(datetime(2026, 11, 24, 20, 59, tzinfo=UTC), run, state="failed")
    other = RunFactory.create()
    tried(datetime(2026, 11, 24, 21, 30, tzinfo=UTC), other)
    tried(datetime(2026, 11, 23, 20, 59, tzinfo=UTC), other)
    Run.objects.update(
        started_at=datetime(2026, 11, 23, 9, tzinfo=UTC),
        last_progress_at=datetime(2026, 11, 24, 22, tzinfo=UTC),
    )
    sums = sums_of(DAY, MORNING)
    (part,) = [part for part in parts_of(DAY, sums) if part.run == run]
    assert (part.figures.sent, part.figures.failed, failed_attempts(DAY)) == (1, 1, 1)
    assert sums.totals().figures.audience == 2


def test_the_letter_shows_every_mailing_with_its_equation() -> None:
    run = send(mailing_to(3, name="Новости {{ braces }} {% raw"))
    today = datetime.now(UTC)
    Run.objects.filter(pk=run.pk).update(unknown=1, sent=2)
    AccountState.objects.filter(name="email").update(state="down", last_error="535 no")
    subject, text = letter_of(_local(today), now=today)
    assert "sent 2" in subject
    assert f"Новости {{{{ braces }}}} {{% raw (id:{run.mailing_id})" in text
    assert "(3 = Sent 2 + Unknown 1)" in text
    assert "for a person to decide: 1" in text
    assert "535 no" in text


def test_messages_to_one_are_summed_up_and_not_named() -> None:
    mailing = mailing_to(1)
    send(mailing)
    for name in ("anna", "bob"):
        to = Address("email", f"{name}@example.org")
        single = TransactionalMessage(
            message=mailing.message, to=to, channel="email", account="email"
        )
        sent = send_transactional(message_request=single, trigger="api")
        DispatchService().work_until(sent.run_id, threading.Event())
    today = datetime.now(UTC)
    subject, text = letter_of(_local(today), now=today)
    assert "sent 3" in subject
    assert {"Mailings: 1", "Transactional messages: 2", "Sent: 3"} <= set(text.splitlines())
    assert f"(id:{mailing.pk})" in text and f"(id:{sent.mailing_id})" not in text


def _local(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo("Europe/Moscow")).date()


def test_braces_in_a_name_reach_the_reader_as_they_are(server: SmtpServer) -> None:
    run = RunFactory.create(mailing__name="Sale {{ full_name }} {% if %}")
    tried(datetime(2026, 11, 24, 9, tzinfo=UTC), run)
    report()
    (letter,) = server.accepted
    assert b"Sale {{ full_name }} {% if %}" in letter.data


def test_the_command_shows_sends_and_refuses(settings: LazySettings, server: SmtpServer) -> None:
    code, out = daily("--date", DAY.isoformat(), "--show")
    assert code == 0 and "2026" in out
    assert SystemMessage.objects.count() == 0
    assert daily()[0] == 0
    assert daily()[0] == 0
    assert len(server.accepted) == 1
    with pytest.raises(CommandError, match="ended yet") as refused:
        daily("--date", "2999-01-01")
    assert refused.value.returncode == 2
    settings.DAILY_REPORT_RECIPIENTS = []
    report()
    with pytest.raises(CommandError, match="DAILY_REPORT_RECIPIENTS"):
        daily()
    assert len(server.accepted) == 1
