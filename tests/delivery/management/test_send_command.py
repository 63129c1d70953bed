"""The command line: what it prints, and with what it leaves."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import OutputWrapper
from django.utils import timezone

from apps.delivery.management.progress import Watching, bar, equation
from apps.mailings.models import Attempt, Mailing, Run
from tests.delivery.engine.workers import processing_run
from tests.factories import SuppressionFactory, mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """The command takes the signals over: give them back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def run(*args: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("send_mailing", *args, stdout=out, stderr=err)
    code = left.value.code
    assert isinstance(code, int)
    return code, out.getvalue(), err.getvalue()


def test_it_sends_and_ends_with_the_equation() -> None:
    mailing = mailing_to(3)
    code, out, _ = run(str(mailing.pk))
    assert code == 0
    assert out.strip().endswith("#1: audience 3 = sent 3")


def test_what_is_refused_is_said_on_stderr_with_its_code() -> None:
    mailing = mailing_to(1, is_active=False)
    code, out, err = run(str(mailing.pk))
    assert (code, out) == (2, "")
    assert "[mailing_disabled]" in err
    assert run("999999")[0] == 2


def test_before_the_start_it_needs_to_be_asked_so() -> None:
    mailing = mailing_to(2, starts_at=timezone.now() + timedelta(hours=1))
    assert run(str(mailing.pk))[0] == 2
    assert run(str(mailing.pk), "--now")[0] == 0


def test_a_rehearsal_counts_and_writes_nothing() -> None:
    mailing = mailing_to(4)
    code, out, _ = run(str(mailing.pk), "--dry-run")
    assert (code, Run.objects.count()) == (0, 0)
    assert "4" in out
    assert str(mailing.pk) in run("--due", "--dry-run")[1]


def test_a_rehearsal_counts_before_the_start_too() -> None:
    mailing = mailing_to(3)
    start = timezone.now() + timedelta(hours=5)
    Mailing.objects.filter(pk=mailing.pk).update(starts_at=start)
    code, out, _ = run(str(mailing.pk), "--dry-run")
    assert code == 0 and "3" in out
    assert not Run.objects.exists()


def test_everything_due_is_sent_in_one_go() -> None:
    for _ in range(2):
        mailing_to(2)
    code, out, _ = run("--due", "--run-timeout", "60")
    assert code == 0
    assert out.count("audience 2 = sent 2") == 2


def test_what_is_left_waiting_is_said_with_the_reason() -> None:
    waiting = processing_run(2)
    starts_at = timezone.now() + timedelta(hours=1)
    Mailing.objects.filter(pk=waiting.mailing_id).update(starts_at=starts_at)
    code, out, _ = run(str(waiting.mailing_id), "--now")
    assert code == 1
    assert "until" in out
    assert "audience 2 = pending 2" in out


def test_a_run_whose_wait_is_over_goes_on() -> None:
    """M15."""
    waiting = processing_run(2)
    past = timezone.now() - timedelta(seconds=1)
    Run.objects.update(state="deferred", reason="transient_error", deferred_until=past)
    code, out, _ = run(str(waiting.mailing_id))
    assert code == 0
    assert "audience 2 = sent 2" in out


def test_what_is_due_is_stamped_with_the_command() -> None:
    """U13."""
    mailing_to(2)
    run("--due")
    assert set(Attempt.objects.values_list("trigger", flat=True)) == {"command"}


@pytest.mark.parametrize(("suppressed", "code"), [(0, 0), (1, 0), (3, 1)])
def test_it_leaves_with_one_when_nobody_was_sent_to(suppressed: int, code: int) -> None:
    """U18. Who must not be written to is no failure, as long as somebody was."""
    mailing = mailing_to(3)
    for recipient in mailing.owner.recipients.all()[:suppressed]:
        SuppressionFactory.create(owner=mailing.owner, address=recipient.email)
    assert run(str(mailing.pk))[0] == code


def test_a_database_that_is_away_is_a_sentence(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    away = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings_postgresql"}
    code = (
        "import django.conf, sys, manage; from django.conf import settings as s;"
        "s.DATABASES['default'].update(HOST='127.0.0.1', PORT='1');"
        "sys.argv = ['manage.py', 'send_mailing', '1']; manage.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env=away,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == 1
    assert "The database cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_there_is_a_bar_with_rate_and_time_left() -> None:
    current = processing_run(10)
    Run.objects.filter(pk=current.pk).update(pending=5, sent=5, rate=2.5)
    current.refresh_from_db()
    assert bar(current).startswith("[###############...............] 5/10  50%")
    assert bar(current).endswith("2/s  ETA 0:02")
    assert equation(current) == "audience 10 = pending 5 + sent 5"
    terminal = Terminal()
    with Watching(current.pk, OutputWrapper(terminal)):
        pass
    assert "5/10" in terminal.getvalue()
