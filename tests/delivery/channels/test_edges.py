"""What channels do with letters, answers and machines that are odd in one place."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage as Mime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from apps.core.content.html_contexts import BadText
from apps.core.content.program import Values, from_html, from_text
from apps.core.contracts import Claimed, Letter, Verdict
from apps.core.errors import ContentRefused
from apps.delivery.channels.backend.channel import BackendChannel
from apps.delivery.channels.content import Content, filled
from apps.delivery.channels.gateway.compile import compile_text
from apps.delivery.channels.http.channel import HttpOptions
from apps.delivery.channels.http.client import Client, Connection, NotSent
from apps.delivery.channels.outbox.channel import OutboxChannel
from apps.delivery.channels.plain_text import html_text
from apps.delivery.channels.sendsay.compile import compile_sendsay
from apps.delivery.channels.telegram import pacing
from apps.delivery.channels.telegram.channel import TelegramChannel
from tests import http_service as http
from tests.delivery.channels.guards import BookGuard, send_all
from tests.http_service import PATIENT, HttpService, Request, Step


def content(**fields: Any) -> Content:
    given = {
        "subject": "",
        "links": lambda number: ("", "", ""),
        "now": datetime.now(UTC),
        **fields,
        "text": from_text(fields.get("text", "Hello")),
        "html": from_html(fields.get("html", "")),
    }
    return Content(**given)


# --- a mail backend of Django ---


class WithAnId(BaseEmailBackend):
    """As django-anymail leaves the provider's own id on the message."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        status = SimpleNamespace(message_id="4f1c7a52-9f0e")
        email_messages[0].anymail_status = status  # type: ignore[attr-defined]
        return 1


def letter_with_a_file() -> Letter:
    message = Mime()
    message["From"], message["To"], message["Subject"] = "n@example.org", "a@example.org", "Hi"
    message.set_content("text")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="price.pdf")
    return Letter(1, "n@example.org", "a@example.org", message.as_bytes())


def test_a_backend_gets_the_attachments_and_no_html_where_there_is_none() -> None:
    path = "django.core.mail.backends.locmem.EmailBackend"
    send_all(BackendChannel(path, BookGuard()), [letter_with_a_file()])
    (sent,) = mail.outbox
    assert sent.attachments == [("price.pdf", b"%PDF", "application/pdf")]
    assert getattr(sent, "alternatives", []) == []


def test_the_providers_own_name_of_the_letter_is_kept() -> None:
    (outcome,) = send_all(
        BackendChannel(f"{__name__}.WithAnId", BookGuard()), [letter_with_a_file()]
    )
    assert outcome.verdict is Verdict.SENT
    assert "4f1c7a52-9f0e" in outcome.response


# --- compiling ---


def test_a_text_for_phones_takes_no_attachment() -> None:
    with pytest.raises(ContentRefused, match="attachments"):
        compile_text(content(attachments=(("a.txt", "text/plain", b"a"),)))


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"text": "{% if full_name %}Hello {{ full_name }}{% endif %}"}, b"Hello Anna"),
        (
            {"text": "", "html": "{% if full_name %}<p>Hello {{ full_name }}</p>{% endif %}"},
            b"Hello Anna",
        ),
    ],
)
def test_a_text_with_logic_is_written_for_each_recipient(
    fields: dict[str, str], text: bytes
) -> None:
    compiled = compile_text(content(**fields))
    claimed = Claimed(1, 1, "79001234567", 1, {"full_name": "Anna"})
    assert compiled.fill(claimed).body.strip() == text


def test_a_broken_character_in_a_value_fails_one_letter_alone() -> None:
    with pytest.raises(BadText):
        filled(lambda values: "\ud800", Values())


def test_html_with_logic_is_escaped_for_each_recipient() -> None:
    html = html_text(from_html("{% if name %}<p>{{ name }}</p>{% endif %}"))
    assert html.fill(Values({"name": "<b>"})) == "<p>&lt;b&gt;</p>"
    assert html.fill(Values()) == ""


def test_a_letter_for_sendsay_has_no_more_than_the_message_has() -> None:
    compiled = compile_sendsay(content(subject="Hi", from_email="news@example.org"))
    body = json.loads(compiled.fill(Claimed(1, 1, "anna@example.org", 1, {})).body)
    assert body == {"from.email": "news@example.org", "subject": "Hi", "message": body["message"]}
    assert list(body["message"]) == ["text"]


# --- HTTP ---


def test_a_header_that_would_end_itself_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="header"):
        Client("https://example.org", PATIENT, {"X-Token": "a\r\nX-Other: b"})


def test_an_address_with_a_password_in_it_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="without a name, a password"):
        Client("https://anna:secret@example.org", PATIENT, {})


def test_a_host_without_an_address_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client("http://example.org", PATIENT, {})
    monkeypatch.setattr(client, "places", lambda: [])
    with pytest.raises(NotSent):
        Connection(client).post("/", b"{}", "application/json")


def test_a_request_that_cannot_be_written_to_its_end_was_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            peer, _ = listener.accept()
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()

        far = threading.Thread(target=hang_up)
        far.start()
        line = Connection(Client(f"http://127.0.0.1:{listener.getsockname()[1]}", PATIENT, {}))
        with pytest.raises(NotSent):
            line.post("/", b"x" * 20_000_000, "application/json")
        far.join()


# --- Telegram ---


@pytest.mark.parametrize("address", ["", "anna", "https://t.me/anna", "12 34"])
def test_what_is_no_chat_is_never_asked_for(address: str) -> None:
    with HttpService(http.json_reply({"ok": True, "result": {"message_id": 1}})) as service:
        bot = TelegramChannel(service.url, "1:a", BookGuard(), PATIENT, HttpOptions())
        (outcome,) = send_all(bot, [Letter(1, "", address, b"Hello")])
        assert (outcome.verdict, service.requests) == (Verdict.FAILED, [])


def test_a_yes_without_a_message_is_doubtful() -> None:
    with HttpService(http.json_reply({"ok": True, "result": {}})) as service:
        bot = TelegramChannel(service.url, "1:a", BookGuard(), PATIENT, HttpOptions())
        (outcome,) = send_all(bot, [Letter(1, "", "100", b"Hello")])
    assert outcome.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(("code", "verdict"), [(500, Verdict.UNKNOWN), (503, Verdict.RETRY)])
def test_an_error_of_the_bot_api_itself_is_doubtful_unless_it_took_nothing(
    code: int, verdict: Verdict
) -> None:
    no = {"ok": False, "error_code": code, "description": "no"}
    with HttpService(http.json_reply(no, code)) as service:
        bot = TelegramChannel(service.url, "1:a", BookGuard(), PATIENT, HttpOptions())
        (outcome,) = send_all(bot, [Letter(1, "", "100", b"Hello")])
    assert (outcome.verdict, outcome.code) == (verdict, code)


def test_the_next_message_to_a_chat_waits_for_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "TO_A_PERSON", 0.2)
    times: list[float] = []

    def accept(request: Request) -> Iterable[Step]:
        times.append(time.monotonic())
        return http.json_reply({"ok": True, "result": {"message_id": 1}})(request)

    with HttpService(accept) as service:
        bot = TelegramChannel(service.url, "2:b", BookGuard(), PATIENT, HttpOptions())
        outcomes = send_all(bot, [Letter(number, "", "100", b"Hello") for number in range(2)])
    assert {one.verdict for one in outcomes} == {Verdict.SENT}
    assert times[1] - times[0] >= 0.19


# --- files ---


def test_a_letter_that_cannot_be_written_to_the_disk_is_tried_again(tmp_path: Path) -> None:
    guard = BookGuard()
    channel = OutboxChannel(tmp_path / "outbox", guard)
    (tmp_path / "outbox" / "1.part").mkdir()
    (outcome,) = send_all(channel, [Letter(1, "n@example.org", "a@example.org", b"Hi\r\n")])
    assert outcome.verdict is Verdict.RETRY
    assert guard.answers == [(1, False)]


def test_letters_that_no_thread_has_begun_come_back_at_once(tmp_path: Path) -> None:
    channel = OutboxChannel(tmp_path / "outbox", BookGuard(), connections=0)
    channel.hand_over([Letter(n, "n@example.org", "a@example.org", b"Hi\r\n") for n in range(3)])
    assert {one.verdict for one in channel.recall()} == {Verdict.UNSENT}
    assert channel.outcomes(0.0) == channel.close() == []
