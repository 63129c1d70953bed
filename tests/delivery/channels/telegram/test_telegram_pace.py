"""Telegram's limits without a word in .env: for the bot, for a chat, for a group (D13)."""

from __future__ import annotations

import pytest
from pytest_mock import MockerFixture

from apps.core.contracts import Letter, Verdict
from apps.core.responses.stored import coded
from apps.delivery.accounts import declared
from apps.delivery.channels.http.channel import HttpOptions
from apps.delivery.channels.http.client import Timeouts
from apps.delivery.channels.telegram.channel import TelegramChannel
from apps.delivery.channels.telegram.pacing import ChatRate
from tests.delivery.channels.guards import BookGuard, send_all
from tests.delivery.engine.conftest import Declare, declare

__all__ = ["declare"]


@pytest.mark.parametrize(("rule", "expected"), [(None, 25), (0, None), (5, 5)])
def test_a_bot_has_telegrams_pace_unless_it_is_set_otherwise(
    declare: Declare, rule: int | None, expected: int | None
) -> None:
    rules = {} if rule is None else {"per_second": rule}
    declare("bot", kind="telegram", token="1:a", **rules)
    assert declared("bot").limits.get("second") == expected


def test_other_kinds_have_none(declare: Declare) -> None:
    declare("sms", kind="gateway", url="https://sms.example.org", token="t")
    assert declared("sms").limits == {}


@pytest.mark.parametrize(("chat", "in_a_minute"), [("4711", 60), ("-100200", 20), ("@news", 20)])
def test_a_chat_gets_no_more_than_telegram_takes(chat: str, in_a_minute: int) -> None:
    pace, at = ChatRate(), [0.0]
    for _ in range(in_a_minute):
        wait = pace.reserve(chat, at[-1], most=100)
        assert wait is not None
        at.append(at[-1] + wait)
    assert at[-1] == pytest.approx(60 - 60 / in_a_minute)


def test_chats_do_not_wait_for_each_other() -> None:
    pace = ChatRate()
    assert [pace.reserve(str(chat), 0.0, most=1) for chat in range(50)] == [0.0] * 50


def test_who_would_wait_too_long_takes_no_place() -> None:
    pace = ChatRate()
    assert [pace.reserve("-1", 0.0, most=5) for _ in range(4)] == [0.0, 3.0, None, None]
    assert pace.reserve("-1", 6.0, most=5) == 0.0


def bot() -> TelegramChannel:
    """Nobody is there: whatever calls it is seen."""
    return TelegramChannel(
        "https://127.0.0.1:9", "1:a", BookGuard(), Timeouts(1, 1, 1), HttpOptions(connections=1)
    )


def test_a_letter_whose_chat_is_busy_for_long_is_tried_again_later(mocker: MockerFixture) -> None:
    mocker.patch.object(ChatRate, "reserve", return_value=None)
    (outcome,) = send_all(bot(), [Letter(7, "", "100", b"Hi")])
    assert (outcome.verdict, outcome.response) == (Verdict.RETRY, coded("chat_busy"))


def test_a_word_that_is_no_chat_fails_without_a_call() -> None:
    (outcome,) = send_all(bot(), [Letter(7, "", "anna@example.org", b"Hi")])
    assert (outcome.verdict, outcome.response) == (Verdict.FAILED, coded("no_chat"))


def test_chats_whose_time_is_over_are_forgotten(mocker: MockerFixture) -> None:
    mocker.patch("apps.delivery.channels.telegram.pacing._KEPT", 2)
    pace = ChatRate()
    for second, chat in enumerate(("1", "2", "-3", "4")):
        assert pace.reserve(chat, second * 1.5, most=1) == 0.0
    assert set(pace._free_at) == {"-3", "4"}
