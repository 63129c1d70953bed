"""A message compiled once per run; per recipient only its slots are filled in.

``compile_email`` makes the MIME tree, folds, encodes and escapes all that is the same for
everybody into byte segments. ``CompiledEmail.fill`` puts one recipient's values between them.
A condition picks finished segments; Liquid is rendered per recipient, for itself.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from hashlib import blake2s

from apps.core.content.html_contexts import BadText, BadUrl
from apps.core.content.program import Pieces, Program, Values, values_of
from apps.core.content.program.values import TOKEN
from apps.core.content.template_language import (
    RenderRefused,
    Template,
    TemplateFailed,
    TemplateRefused,
    parse,
)
from apps.core.contracts import Claimed, Letter, StagedFile
from apps.core.errors import ContentRefused, gettext_noop
from apps.core.responses.texts import SENTENCES
from apps.delivery.channels.content import Links, Measured, personal_files
from apps.delivery.channels.email.attachment import attachment_part, picture_part
from apps.delivery.channels.email.bodies import Piece, alternatives_of
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
    id it makes them stable. ``attachments`` are (file name, MIME type, content), ``pictures`` of
    the HTML (content id, MIME type, content). ``bounce_sender`` gives each letter an envelope
    sender by the delivery's id. ``is_list``: left by a link;
    ``is_bulk``: to many. ``feedback_id`` is Gmail's: fields between colons, the last the sender.
    ``list_archive``: the address of a page with what was sent before.
    ``carrying`` stands around the Message-ID in a header that a provider gives back.
    ``transmitter`` is the mailbox that sends for the one in From; empty: that one itself.
    ``open_file`` gives the bytes of a recipient's own file. ``measured``: the bodies with tracked
    links; ``text`` and ``html`` are for those who are not measured.
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
    pictures: tuple[tuple[str, str, bytes], ...] = ()
    bounce_sender: Address | None = None
    is_list: bool = True
    is_bulk: bool = True
    feedback_id: str = ""
    list_archive: str = ""
    carrying: tuple[str, str] | None = None
    transmitter: str = ""
    open_file: Callable[[StagedFile], bytes] | None = None
    measured: Measured | None = None


class CompiledEmail:
    """A message ready to be filled in. Made by ``compile_email``; one per worker thread."""

    def __init__(self, sender: Address, links: Links, content: EmailContent, date: datetime):
        headers = _headers(content, date)
        self._sender = sender
        self._links = links
        self._letters = _Letters(content, headers)
        self._letters.compile()
        self._unmeasured = self._letters
        if content.measured is not None:
            self._unmeasured = _Letters(replace(content, measured=None), headers)

    def fill(self, claimed: Claimed) -> Letter:
        """The letter for one recipient. Raises RenderRefused when there can be none."""
        delivery_id = claimed.delivery_id
        values = values_of(claimed.fields, claimed.condition_bits, claimed.lists)
        values["unsubscribe_url"], values["view_url"], values[TOKEN] = self._links(delivery_id)
        values["preferences_url"] = values["unsubscribe_url"]  # one page for both
        values[_ADDRESS] = claimed.address
        values[_ID] = str(delivery_id)
        letters = self._unmeasured if claimed.unmeasured else self._letters
        try:
            body = letters.fill(claimed, values)
        except UnicodeEncodeError as error:
            raise BadText from error
        except TemplateRefused as refusal:
            raise TemplateFailed.by(refusal) from refusal
        return Letter(delivery_id, self._sender(delivery_id), claimed.address, body)


def compile_email(content: EmailContent, links: Links, date: datetime) -> CompiledEmail:
    """Compile a run's message. Raises ContentRefused when nobody could be sent it.

    ``date`` is the moment of this call by the clock that counts; each letter's Date is that moment
    plus the time passed since.
    """
    sender = content.bounce_sender or (lambda _: content.envelope_sender)
    try:
        compiled = CompiledEmail(sender, links, content, date)
        if content.envelope_sender:
            header_address(content.envelope_sender)
    except RenderRefused as refusal:
        raise HeadersRefused(SENTENCES[refusal.code].words) from refusal
    except UnicodeEncodeError as error:
        raise HeadersRefused(gettext_noop("There is a broken character in the message.")) from error
    return compiled


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
    if content.list_archive:
        rest += b"List-Archive: <%b>\r\n" % _web_address(content.list_archive)
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
    return _web_address(values["unsubscribe_url"])


def _web_address(address: str) -> bytes:
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


class _Letters:
    """The letters with the same bodies; compiled when the first of them comes.

    Those with files of their own are compiled beside the others.
    """

    def __init__(self, content: EmailContent, headers: Sequence[Piece]) -> None:
        self._content, self._headers = content, headers
        self._between = f"\r\n--{_mixed_boundary(content)}".encode()
        self._fill: Callable[[Values], bytes] | None = None
        self._fill_open: Callable[[Values], bytes] | None = None

    def compile(self) -> Callable[[Values], bytes]:
        """What fills in those without files. Raises RenderRefused, ContentRefused."""
        if self._fill is None:
            self._fill = Pieces([*self._headers, *_content(self._content)], b"").fill
        return self._fill

    def fill(self, claimed: Claimed, values: Values) -> bytes:
        """The whole letter. Raises RenderRefused."""
        if not claimed.files:
            return (self._fill or self.compile())(values)
        if self._fill_open is None:
            mixed = _mixed(self._content, _body(self._content))
            self._fill_open = Pieces([*self._headers, *mixed[:-1]], b"").fill  # open at its end
        files = personal_files(claimed, self._content.open_file)
        parts = [b"%b\r\n%b" % (self._between, attachment_part(*file)) for file in files]
        return b"".join((self._fill_open(values), *parts, self._between, b"--\r\n"))


def _content(content: EmailContent) -> list[Piece]:
    body = _body(content)
    if content.attachments:
        return _mixed(content, body)
    return [*body, b"\r\n"] if content.html.is_empty else body


def _body(content: EmailContent) -> list[Piece]:
    measured = content.measured or Measured(content.text, content.html, content.html)
    parts = alternatives_of(measured.text, measured.html, measured.readable)
    if content.pictures and len(parts) > 1:  # RFC 2387: with the HTML alone
        shown: list[list[Piece]] = [[picture_part(*one)] for one in content.pictures]
        related = 'related; type="text/html"'
        parts[-1] = _multipart(related, f"=_r{_key(content)}", [parts[-1], *shown])
    return parts[0] if len(parts) == 1 else _multipart("alternative", f"=_a{_key(content)}", parts)


def _mixed(content: EmailContent, body: list[Piece]) -> list[Piece]:
    files: list[list[Piece]] = [[attachment_part(*file)] for file in content.attachments]
    return _multipart("mixed", _mixed_boundary(content), [body, *files])


def _mixed_boundary(content: EmailContent) -> str:
    return f"=_m{_key(content)}"


def _key(content: EmailContent) -> str:
    return blake2s(content.run_key.encode(), digest_size=12).hexdigest()


def _multipart(subtype: str, boundary: str, parts: Sequence[Sequence[Piece]]) -> list[Piece]:
    head = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n\r\n'
    pieces: list[Piece] = [head.encode()]
    for number, part in enumerate(parts):
        pieces += [b"\r\n" if number else b"", f"--{boundary}\r\n".encode(), *part]
    return [*pieces, f"\r\n--{boundary}--\r\n".encode()]
