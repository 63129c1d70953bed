"""A message compiled once per run; per recipient only its slots are filled in.

``compile_email`` makes the MIME tree, folds, encodes and escapes all that is the same for
everybody into byte segments. ``CompiledEmail.fill`` puts one recipient's values between them.
A condition picks finished segments; Liquid is rendered per recipient, for itself.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from hashlib import blake2s

from apps.core.content.html_contexts import BadText, BadUrl
from apps.core.content.program import Pieces, Program, Values, values_of
from apps.core.content.template_language import (
    RenderRefused,
    Template,
    TemplateFailed,
    TemplateRefused,
    parse,
)
from apps.core.contracts import Claimed, Letter
from apps.core.errors import ContentRefused, gettext_noop
from apps.core.responses.texts import SENTENCES
from apps.delivery.channels.email.attachment import attachment_part
from apps.delivery.channels.email.bodies import Piece, bodies_of
from apps.delivery.channels.email.mime import (
    ascii_domain,
    header_address,
    mailbox,
    unstructured,
)

__all__ = ["CompiledEmail", "EmailContent", "HeadersRefused", "RenderRefused", "compile_email"]

Address = Callable[[int], str]

_WEB_ADDRESS = re.compile(r"https?://[!-;=?-~]{1,900}")
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


class HeadersRefused(ContentRefused):
    """The sender, the list's name or another header of the whole run cannot be written."""

    code = "headers"


@dataclass(frozen=True, slots=True)
class EmailContent:
    """All that a run's letters have in common.

    ``run_key`` is an opaque word (letters, digits, dot, dash) for Message-IDs; with the delivery's
    id it makes them stable. ``attachments`` are (file name, MIME type, content). ``bounce_sender``
    gives each letter an envelope sender by the delivery's id. ``is_list``: left by a link;
    ``is_bulk``: to many. ``feedback_id`` is Gmail's: fields between colons, the last the sender.
    ``carrying`` stands around the Message-ID in a header that a provider gives back.
    ``transmitter`` is the mailbox that sends for the one in From; empty: that one itself.
    """

    subject: str
    text: Program
    html: Program
    from_email: str
    from_name: str
    reply_to: str
    list_id: str
    message_id_domain: str
    run_key: str
    envelope_sender: str
    attachments: tuple[tuple[str, str, bytes], ...] = ()
    bounce_sender: Address | None = None
    is_list: bool = True
    is_bulk: bool = True
    feedback_id: str = ""
    carrying: tuple[str, str] | None = None
    transmitter: str = ""


class CompiledEmail:
    """A message ready to be filled in. Made by ``compile_email``; one per worker thread."""

    def __init__(
        self,
        sender: Address,
        pieces: Sequence[Piece],
        unsubscribe_url: Address,
        view_url: Address | None,
    ) -> None:
        self._sender = sender
        self._unsubscribe_url = unsubscribe_url
        self._view_url = view_url
        self._body = Pieces(pieces, b"").fill

    def fill(self, claimed: Claimed) -> Letter:
        """The letter for one recipient. Raises RenderRefused when there can be none."""
        delivery_id = claimed.delivery_id
        values = values_of(claimed.fields, claimed.condition_bits, claimed.lists)
        values["unsubscribe_url"] = self._unsubscribe_url(delivery_id)
        values["preferences_url"] = values["unsubscribe_url"]  # one page for both
        values["view_url"] = self._view_url(delivery_id) if self._view_url else ""
        values[_ADDRESS] = claimed.address
        values[_ID] = str(delivery_id)
        try:
            body = self._body(values)
        except UnicodeEncodeError as error:
            raise BadText from error
        except TemplateRefused as refusal:
            raise TemplateFailed.by(refusal) from refusal
        return Letter(delivery_id, self._sender(delivery_id), claimed.address, body)


def compile_email(
    content: EmailContent,
    unsubscribe_url: Address,
    view_url: Address | None,
    date: datetime,
) -> CompiledEmail:
    """Compile a run's message. Raises ContentRefused when nobody could be sent it.

    Both addresses are asked for with the delivery's id. ``date`` is the moment of this call by
    the clock that counts; each letter's Date is that moment plus the time passed since.
    """
    try:
        pieces = [*_headers(content, date), *_content(content)]
        if content.envelope_sender:
            header_address(content.envelope_sender)
    except RenderRefused as refusal:
        raise HeadersRefused(SENTENCES[refusal.code].words) from refusal
    except UnicodeEncodeError as error:
        raise HeadersRefused(gettext_noop("There is a broken character in the message.")) from error
    sender = content.bounce_sender or (lambda _: content.envelope_sender)
    return CompiledEmail(sender, pieces, unsubscribe_url, view_url)


_ADDRESS, _ID = " address", " id"  # not names that a template can ask for


def _headers(content: EmailContent, date: datetime) -> list[Piece]:
    sender = mailbox(content.from_name, header_address(content.from_email), len("From: "))
    domain = _token(ascii_domain(content.message_id_domain))
    identity = f".{_token(content.run_key)}@{domain}>".encode()
    reply_to = header_address(content.reply_to) if content.reply_to else b""
    rest = b"Reply-To: %b\r\n" % reply_to if reply_to else b""
    if content.transmitter:
        rest += b"Sender: %b\r\n" % header_address(content.transmitter)
    rest += b"Auto-Submitted: auto-generated\r\n"
    rest += b"Precedence: bulk\r\n" if content.is_list and content.is_bulk else b""
    return [
        b"From: %b\r\nTo: " % sender,
        _to,
        b"\r\nSubject: ",
        _subject(parse(content.subject)),
        b"\r\nDate: ",
        _Date(date),
        b"\r\nMessage-ID: <",
        lambda values: values[_ID].encode(),
        identity + b"\r\n",
        *_carried(content, identity),
        *_list_headers(content),
        rest + b"MIME-Version: 1.0\r\n",
    ]


def _carried(content: EmailContent, identity: bytes) -> list[Piece]:
    if content.carrying is None:
        return []
    before, behind = (one.encode() for one in content.carrying)
    return [before + b"<", lambda values: values[_ID].encode(), identity + behind + b"\r\n"]


def _list_headers(content: EmailContent) -> list[Piece]:  # RFC 2369, RFC 8058, RFC 2919
    if not content.is_list:
        return []
    rest = b">\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    if content.list_id:
        rest += f"List-Id: <{_token(ascii_domain(content.list_id.strip('<>')))}>\r\n".encode()
    if content.feedback_id:
        rest += f"Feedback-ID: {_feedback_id(content.feedback_id)}\r\n".encode()
    return [b"List-Unsubscribe: <", _list_unsubscribe, rest]


def _feedback_id(value: str) -> str:
    return ":".join(_token(field) for field in value.split(":"))


def _token(value: str) -> str:
    if not _TOKEN.fullmatch(value):
        raise HeadersRefused(
            gettext_noop("An identifier in a header may hold letters, digits, dots and dashes.")
        )
    return value


def _to(values: Values) -> bytes:
    return mailbox(values.get("full_name", ""), header_address(values[_ADDRESS]), len("To: "))


def _list_unsubscribe(values: Values) -> bytes:
    address = values["unsubscribe_url"]
    if not _WEB_ADDRESS.fullmatch(address):
        raise BadUrl
    return address.encode()  # never folded: not every reader takes a header that begins with CRLF


def _subject(template: Template) -> Piece:
    used = len("Subject: ")
    if template.is_plain and not template.slots:
        return unstructured(template.literals[0], used)
    return lambda values: unstructured(template.render(values), used)


class _Date:
    """The Date header's value, formatted once per second."""

    def __init__(self, start: datetime, clock: Callable[[], float] = time.monotonic) -> None:
        self._start, self._clock, self._began = start, clock, clock()
        self._second = -1
        self._value = b""

    def __call__(self, values: Values) -> bytes:
        second = int(self._clock() - self._began)
        if second != self._second:
            now = self._start + timedelta(seconds=second)
            self._second, self._value = second, format_datetime(now).encode()
        return self._value


def _content(content: EmailContent) -> list[Piece]:
    key = blake2s(content.run_key.encode(), digest_size=12).hexdigest()
    parts = bodies_of(content.text, content.html)
    body = parts[0] if len(parts) == 1 else _multipart("alternative", f"=_a{key}", parts)
    if content.attachments:
        files: list[list[Piece]] = [[attachment_part(*file)] for file in content.attachments]
        return _multipart("mixed", f"=_m{key}", [body, *files])
    return body if len(parts) > 1 else [*body, b"\r\n"]


def _multipart(subtype: str, boundary: str, parts: Sequence[Sequence[Piece]]) -> list[Piece]:
    head = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n\r\n'
    pieces: list[Piece] = [head.encode()]
    for number, part in enumerate(parts):
        pieces += [b"\r\n" if number else b"", f"--{boundary}\r\n".encode(), *part]
    return [*pieces, f"\r\n--{boundary}--\r\n".encode()]
