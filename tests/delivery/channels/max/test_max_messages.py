"""What becomes of a message for MAX, and what MAX reports of people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.core.content.program import from_html, from_text
from apps.core.contracts import Claimed
from apps.delivery.channels.content import Content
from apps.delivery.channels.max.compile import MaxMessage, MaxTooLong, compile_max
from apps.delivery.channels.max.inbound import parse_update
from apps.delivery.channels.messengers.updates import BotUpdate, UpdateKind
from tests.feedback.updates import max_update


def content(text: str = "", html: str = "", files: int = 0) -> Content:
    return Content(
        "s",
        from_text(text),
        from_html(html),
        lambda number: (f"https://e.org/u/{number}", "", ""),
        datetime.now(UTC),
        attachments=(("a.pdf", "application/pdf", b"%PDF"),) * files,
    )


def body(html: str, **fields: str) -> str:
    filled = compile_max(content(html=html)).fill(Claimed(7, 1, "100", 1, fields))
    return filled.body.decode()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<h1>Hi &amp; bye</h1><p>A <strong>b</strong></p>", "<b>Hi &amp; bye</b>\n\nA <b>b</b>"),
        ("<blockquote>a</blockquote>", "a"),
        ("<span class='tg-spoiler'>s</span>", "s"),
        ("<a href='https://e.org/?a=1'>go</a>", '<a href="https://e.org/?a=1">go</a>'),
        ("<a href='tg://x'>go</a>", "go"),
    ],
)
def test_only_what_max_knows_is_left(source: str, expected: str) -> None:
    assert body(source) == expected


def test_values_are_escaped() -> None:
    assert body("<p>{{ full_name }}</p>", full_name="<b>") == "&lt;b&gt;"


def test_the_limit_counts_the_markup() -> None:
    assert len(body(f"<b>{'a' * 3993}</b>")) == 4000
    with pytest.raises(MaxMessage, match="4001 characters"):
        compile_max(content(html=f"<b>{'a' * 3994}</b>"))
    with pytest.raises(MaxTooLong):
        body("<b>{{ full_name }}</b>", full_name="a" * 3994)


def test_a_message_for_max_carries_no_attachment() -> None:
    with pytest.raises(MaxMessage, match="no attachment"):
        compile_max(content("Hi", files=1))


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        (
            max_update("bot_started", payload="abc-_1"),
            BotUpdate("bot_started:77:1775025604499", 77, UpdateKind.START, "abc-_1", "en"),
        ),
        (
            max_update("bot_started"),
            BotUpdate("bot_started:77:1775025604499", 77, UpdateKind.START, "", "en"),
        ),
        (
            max_update("bot_started", payload="x" * 129),
            BotUpdate("bot_started:77:1775025604499", 77, UpdateKind.START, "", "en"),
        ),
        (
            max_update("bot_stopped"),
            BotUpdate("bot_stopped:77:1775025604499", 77, UpdateKind.LEFT, "", "en"),
        ),
        (max_update("dialog_removed"), None),
        (max_update("bot_started", user=None), None),
        (max_update("bot_started", user={"user_id": -1}), None),
        (max_update("bot_started", user={"user_id": True}), None),
        (max_update("bot_started", timestamp="1"), None),
        ([], None),
        (None, None),
    ],
)
def test_an_update_is_taken_apart(update: Any, expected: BotUpdate | None) -> None:
    assert parse_update(update) == expected
