"""Asking Telegram until somebody stops it: what is waited for, and what ends it (D036)."""

from __future__ import annotations

import io
import signal
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from apps.core.values.backoff import Backoff
from apps.feedback.management import polling
from config.account_settings import AccountSettings
from tests import http_service as http
from tests.feedback.updates import start
from tests.http_service import HttpService, Reply, Request, Step

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """The command takes the signals over: give them back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def telegram(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpService]:
    """No webhook is set, and nothing is waiting at the first look."""
    monkeypatch.setattr(polling, "BACKOFF", Backoff(first=0.0, longest=0.0))
    with HttpService(result([])) as service:
        service.script.extend([result({}), result([])])
        bot = AccountSettings(kind="telegram", token="1:a", username="news_bot", url=service.url)
        settings.ACCOUNTS = {**settings.ACCOUNTS, "bot": bot}
        yield service


def result(value: object) -> Reply:
    return http.json_reply({"ok": True, "result": value})


def refused(code: int) -> Reply:
    return http.json_reply({"ok": False, "error_code": code, "description": "no"}, code)


def after_sigterm(reply: Reply) -> Reply:
    """The signal comes while the question is held open."""

    def held(request: Request) -> Iterable[Step]:
        signal.raise_signal(signal.SIGTERM)
        return reply(request)

    return held


def poll(*args: str) -> str:
    """Run the command until it ends. What it complained about."""
    complaints = io.StringIO()
    call_command("poll_telegram", *args, stderr=complaints)
    return complaints.getvalue()


def asked(telegram: HttpService, method: str) -> list[dict[str, Any]]:
    return [one.json for one in telegram.requests if one.path.endswith(f"/{method}")]


def test_a_broken_line_and_a_busy_telegram_are_waited_for(telegram: HttpService) -> None:
    updates = result([start("/start", number=10)])
    telegram.script.extend([http.reset(), refused(429), after_sigterm(updates)])
    complaints = poll().splitlines()
    assert len(complaints) == 2
    assert all(line.startswith("bot: ") for line in complaints)
    assert [one["offset"] for one in asked(telegram, "getUpdates")] == [0, 0, 0, 0, 11]


def test_who_has_heard_nothing_leaves_without_another_question(telegram: HttpService) -> None:
    telegram.script.append(after_sigterm(result([])))
    poll()
    assert [one["timeout"] for one in asked(telegram, "getUpdates")] == [0, polling.HOLD]


@pytest.mark.parametrize("code", [401, 404, 409])
def test_a_wrong_token_and_a_second_poller_are_not_waited_for(
    telegram: HttpService, code: int
) -> None:
    telegram.script.append(refused(code))
    with pytest.raises(CommandError) as caught:
        poll()
    assert caught.value.returncode == 2
    assert len(asked(telegram, "getUpdates")) == 2


def test_an_answer_that_cannot_be_given_keeps_nobody_else_from_his(telegram: HttpService) -> None:
    telegram.script.pop()
    both = [start("/start gone", number=1, chat=77), start("/start gone", number=2, chat=78)]
    telegram.script.extend([result(both), refused(403)])
    assert poll("--once").startswith("No answer could be given: ")
    assert [one["chat_id"] for one in asked(telegram, "sendMessage")] == [77, 78]
    assert asked(telegram, "getUpdates")[-1]["offset"] == 3
