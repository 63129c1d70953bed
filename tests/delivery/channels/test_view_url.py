"""Every kind of channel knows where a browser shows the letter."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from apps.core.content.program import Program, from_text
from apps.core.contracts import Claimed
from apps.delivery.channels import KINDS
from apps.delivery.channels.content import Content

PAGE = "https://e.org/v/{}/"
CONTENT = Content(
    subject="Hi",
    text=from_text("Page: {{ view_url }}."),
    html=Program(),
    links=lambda number: (f"https://e.org/u/{number}/", PAGE.format(number), ""),
    now=datetime(2026, 11, 30, tzinfo=UTC),
    channel="email",
    run_key="k",
    domain="e.org",
    from_email="news@e.org",
)
ADDRESSES = {
    "email": "anna@e.org",
    "phone": "79161234567",
    "telegram": "100",
    "max": "1",
    "vk": "2",
}
WAYS = [(kind, channel) for kind in sorted(KINDS) for channel in sorted(KINDS[kind].serves)]


@pytest.mark.parametrize(("kind", "channel"), WAYS)
def test_the_link_is_that_of_the_delivery(kind: str, channel: str) -> None:
    one = Claimed(7, 1, ADDRESSES[channel], 1, {"view_url": "https://evil.example/"})
    body = KINDS[kind].compiled(replace(CONTENT, channel=channel)).fill(one).body
    assert PAGE.format(7).encode() in body and b"evil" not in body
    without = replace(CONTENT, channel=channel, links=lambda number: ("https://e.org/u/7/", "", ""))
    body = KINDS[kind].compiled(without).fill(one).body
    assert b"/v/" not in body and b"evil" not in body
