"""What becomes of a message for VK, and what VK reports of people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.core.content.program import from_html, from_text
from apps.core.contracts import Claimed
from apps.delivery.channels.content import Content
from apps.delivery.channels.messengers.updates import BotUpdate, UpdateKind
from apps.delivery.channels.vk.compile import VkMessage, VkTooLong, compile_vk
from apps.delivery.channels.vk.inbound import parse_update
from tests.feedback.updates import vk_event

EVENT = vk_event("message_new")["event_id"]


def content(text: str = "", html: str = "", files: int = 0) -> Content:
    return Content(
        "s",
        from_text(text),
        from_html(html),
        lambda number: (f"https://e.org/u/{number}", "", ""),
        datetime.now(UTC),
        attachments=(("a.pdf", "application/pdf", b"%PDF"),) * files,
    )


def body(given: Content, **fields: str) -> str:
    return compile_vk(given).fill(Claimed(7, 1, "100", 1, fields)).body.decode()


def test_the_text_is_plain() -> None:
    assert body(content("Hello {{ full_name }}"), full_name="<b>") == "Hello <b>"
    assert body(content(html="<p>Hello <b>you</b></p>")) == "Hello you"


def test_the_limit_is_kept() -> None:
    assert len(body(content("a" * 9000))) == 9000
    with pytest.raises(VkMessage, match="9001 characters"):
        compile_vk(content("a" * 9001))
    with pytest.raises(VkTooLong):
        body(content("a{{ full_name }}"), full_name="a" * 9000)
    with pytest.raises(VkMessage, match="no attachment"):
        compile_vk(content("Hi", files=1))


def message(**fields: Any) -> dict[str, Any]:
    return vk_event("message_new", message={"from_id": 77, "peer_id": 77, "ref": "abc", **fields})


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        (message(), BotUpdate(EVENT, 77, UpdateKind.START, "abc")),
        (message(ref=""), None),
        (message(ref="a b"), None),
        (message(peer_id=2000000001), None),
        (message(from_id=-5, peer_id=-5), None),
        (vk_event("message_new", message=5), None),
        (vk_event("message_allow", user_id=77, key="abc"),
         BotUpdate(EVENT, 77, UpdateKind.START, "abc")),
        (vk_event("message_allow", user_id=77, key=""), BotUpdate(EVENT, 77, UpdateKind.BACK)),
        (vk_event("message_deny", user_id=77), BotUpdate(EVENT, 77, UpdateKind.LEFT)),
        (vk_event("message_deny", user_id="77"), None),
        (vk_event("group_join", user_id=77), None),
        ({**message(), "event_id": 5}, None),
        ({**message(), "event_id": "x"}, None),
        ({**message(), "object": 5}, None),
        ([], None),
    ],
)  # fmt: skip
def test_an_event_is_taken_apart(update: Any, expected: BotUpdate | None) -> None:
    assert parse_update(update) == expected
