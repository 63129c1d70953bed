"""Files of one recipient, over each channel that carries files; none keeps them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.core.content.program import from_html, from_text
from apps.core.contracts import Claimed, StagedFile
from apps.delivery.channels.content import Content, File
from apps.delivery.channels.email.letters import compile_letter
from apps.delivery.channels.sendsay.compile import compile_sendsay
from apps.delivery.channels.telegram.compile import TelegramTooLong, compile_telegram
from tests.core.content.letters import assert_travels, parsed
from tests.delivery.channels.guards import send_all
from tests.delivery.channels.sendsay.test_sendsay_outcomes import YES as TAKEN
from tests.delivery.channels.sendsay.test_sendsay_outcomes import sendsay
from tests.delivery.channels.telegram.test_telegram_outcomes import YES, bot
from tests.http_service import HttpService

OURS = ("price.pdf", "application/pdf", b"%PDF shared")
DATA = {"1" * 64: b"%PDF one\r\n.\r\n", "2" * 64: "Счёт\n".encode()}
FILES = (
    StagedFile("Счёт A-17.pdf", "application/pdf", "1" * 64, 12),
    StagedFile("note.txt", "text/plain", "2" * 64, 9),
)


def content(*shared: File, text: str = "Hello", html: str = "<p>Hello</p>") -> Content:
    return Content(
        subject="s",
        text=from_text(text),
        html=from_html(html),
        links=lambda number: (f"https://e.org/u/{number}", "", ""),
        now=datetime.now(UTC),
        run_key="abc",
        domain="example.org",
        from_email="news@example.org",
        attachments=shared,
        open_file=lambda file: DATA[file.sha256],
    )


def claimed(*files: StagedFile) -> Claimed:
    return Claimed(7, 1, "anna@example.org", 1, {}, files=files)


@pytest.mark.parametrize("shared", [(), (OURS,)])
@pytest.mark.parametrize("html", ["", "<p>Hello</p>"])
def test_an_email_has_them_behind_what_all_get(shared: tuple[File, ...], html: str) -> None:
    compiled = compile_letter(content(*shared, html=html))
    letter = compiled.fill(claimed(*FILES))
    assert_travels(letter.body)
    parts: list[Any] = list(parsed(letter).iter_attachments())
    assert [(part.get_filename(), part.get_payload(decode=True)) for part in parts] == [
        *((name, data) for name, _type, data in shared),
        ("Счёт A-17.pdf", DATA["1" * 64]),
        ("note.txt", DATA["2" * 64]),
    ]
    text = parsed(letter).get_body(("plain",))
    assert text is not None
    assert "Hello" in text.get_content()


def test_who_has_none_gets_the_letter_of_all() -> None:
    compiled = compile_letter(content(OURS))
    before = compiled.fill(claimed()).body
    compiled.fill(claimed(*FILES))
    after = compiled.fill(claimed())
    assert [part.get_filename() for part in parsed(after).iter_attachments()] == ["price.pdf"]
    assert len(before) == len(after.body)


def test_a_bot_sends_each_its_own_and_remembers_none() -> None:
    compiled = compile_telegram(content(html=""))
    with HttpService(YES) as service:
        channel = bot(service.url)
        letters = [
            compiled.fill(Claimed(number, 1, "100", 1, {}, files=FILES[:1])) for number in (1, 2)
        ]
        send_all(channel, letters)
        bodies = [request.body for request in service.requests]
    assert all(b"%PDF one" in body for body in bodies)
    assert channel._file_ids == {}
    with pytest.raises(TelegramTooLong):
        compile_telegram(content(text="x" * 2000, html="")).fill(claimed(*FILES[:1]))


def test_sendsay_gets_them_beside_what_all_get() -> None:
    compiled = compile_sendsay(content(OURS))
    with HttpService(TAKEN) as service:
        channel = sendsay(service.url)
        send_all(channel, [compiled.fill(claimed(*FILES[:1]))])
        (request,) = service.requests
    attached = json.loads(request.body)["letter"]["attaches"]
    assert [one["name"] for one in attached] == ["price.pdf", "Счёт A-17.pdf"]
    assert list(channel._encoded) == [OURS]
