"""What an update of the Bot API says; strangers write them."""

from __future__ import annotations

import pytest

from apps.delivery.channels.messengers.updates import BotUpdate, UpdateKind
from apps.delivery.channels.telegram.inbound import parse_update
from tests.feedback.updates import member, start


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        (start("/start"), BotUpdate("1", 77, UpdateKind.START, "", "en")),
        (start("/start abc-_1"), BotUpdate("1", 77, UpdateKind.START, "abc-_1", "en")),
        (start("/start@news_bot abc"), BotUpdate("1", 77, UpdateKind.START, "abc", "en")),
        (start("/start " + "x" * 65), None),
        (start("/start a b"), None),
        (start("/start ä"), None),
        (start("hello"), None),
        (start("/starting"), None),
        (start("/start abc", kind="group"), None),
        (start("/start abc", chat=2**63), None),
        (member("kicked"), BotUpdate("1", 77, UpdateKind.LEFT)),
        (member("left"), BotUpdate("1", 77, UpdateKind.LEFT)),
        (member("member"), BotUpdate("1", 77, UpdateKind.BACK)),
        (member("restricted"), None),
        ({"update_id": 1, "message": {"chat": [], "text": 5}}, None),
        ({"update_id": 1, "message": {"chat": {"id": True, "type": "private"}}}, None),
        ({"update_id": 1, "my_chat_member": {"chat": {"id": 7}, "new_chat_member": "x"}}, None),
        ({"update_id": 1, "edited_message": {}}, None),
        ({"update_id": True}, None),
        ({"update_id": "1"}, None),
        ({"update_id": 2**63}, None),
        ({}, None),
        ([], None),
        (None, None),
    ],
)
def test_an_update_is_taken_apart(update: object, expected: BotUpdate | None) -> None:
    assert parse_update(update) == expected
