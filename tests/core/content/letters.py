"""Letters for the tests of compiling: made with few words, read back with Python's own parser."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import compat32
from email.policy import default as policy
from email.utils import getaddresses
from typing import Any

from apps.core.content.program import from_html, from_text
from apps.core.contracts import Claimed, Letter
from apps.delivery.channels.email.compile import CompiledEmail, EmailContent, compile_email

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
CONTENT = EmailContent(
    subject="Hello",
    text=from_text("Hello"),
    html=from_html(""),
    from_email="news@example.com",
    from_name="News",
    reply_to="",
    list_id="list-3.example.com",
    feedback_id="mailing-9:owner-7:marketing:v0123456789",
    message_id_domain="example.com",
    run_key="k17",
    envelope_sender="bounce@example.com",
)


def leave(delivery_id: int) -> tuple[str, str, str]:
    return f"https://example.com/u/{delivery_id}/", "", "token"


def content(**changes: Any) -> EmailContent:
    """``text`` and ``html`` may be sources."""
    for name, program_of in (("text", from_text), ("html", from_html)):
        if isinstance(changes.get(name), str):
            changes[name] = program_of(changes[name])
    return replace(CONTENT, **changes)


def compiled(**changes: Any) -> CompiledEmail:
    return compile_email(content(**changes), leave, NOW)


def to(address: str = "anna@example.org", **fields: str) -> Claimed:
    named = {name.replace("__", "."): value for name, value in fields.items()}
    return Claimed(7, 70, address, 1, named)


def filled(claimed: Claimed | None = None, **changes: Any) -> Letter:
    return compiled(**changes).fill(claimed or to())


def parsed(letter: Letter) -> EmailMessage:
    message = message_from_bytes(letter.body, policy=policy)
    for part in message.walk():
        assert part.defects == []
    return message


def body_of(letter: Letter, kind: str) -> str:
    part = parsed(letter).get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n").removesuffix("\n")


def recipients(letter: Letter) -> list[tuple[str, str]]:
    """Name and address by the older parser: the newer one, before Python 3.12, leaves blanks
    between the encoded words of a long name."""
    raw = message_from_bytes(letter.body, policy=compat32)["To"]
    found = getaddresses([raw.replace("\r\n", "")])
    return [(str(make_header(decode_header(name))), address) for name, address in found]


def assert_travels(body: bytes, longest: int = 78) -> None:
    """No server on the way has a reason to change or to misread these bytes."""
    assert body.isascii() and b"\0" not in body and body.endswith(b"\r\n")
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", body)
    lines = body.split(b"\r\n")
    assert max(map(len, lines)) <= longest
    assert not any(line.startswith(b".") for line in lines)
    in_body = body.partition(b"\r\n\r\n")[2]
    assert not re.search(rb"[ \t]\r\n", in_body)
