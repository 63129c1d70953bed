"""A message compiled once per run; per recipient only its slots are filled in.

``compile_email`` makes the MIME tree, folds, encodes and escapes all that is the same for
everybody into byte segments. ``CompiledEmail.fill`` puts one recipient's values between them.
A template with logic is rendered per recipient and written by the same writer.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import partial
from hashlib import blake2s
from itertools import chain

from apps.core.content.html_contexts import (
    HTML_ESCAPES,
    TEXT_ESCAPES,
    BadText,
    BadUrl,
    escape_parts,
    places,
    raw_text,
)
from apps.core.content.html_text import html_to_text, literals_to_text
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
from apps.delivery.channels.email.mime import (
    ascii_domain,
    base64_lines,
    header_address,
    is_seven_bit,
    line_ends,
    mailbox,
    prefers_base64,
    quoted_printable,
    quoted_printable_value,
    unstructured,
)

__all__ = ["CompiledEmail", "EmailContent", "HeadersRefused", "RenderRefused", "compile_email"]

Fields = Mapping[str, str]
Escape = Callable[[str], str]
#: A segment that is the same in every letter, or what makes it for one recipient.
Piece = bytes | Callable[[Fields], bytes]
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
    text: str
    html: str
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
        self._segments: list[bytes] = []
        self._holes: list[tuple[int, Callable[[Fields], bytes]]] = []
        for piece in _merged(pieces):
            if isinstance(piece, bytes):
                self._segments.append(piece)
            else:
                self._holes.append((len(self._segments), piece))
                self._segments.append(b"")

    def fill(self, claimed: Claimed) -> Letter:
        """The letter for one recipient. Raises RenderRefused when there can be none."""
        delivery_id = claimed.delivery_id
        values = dict(claimed.fields)
        values["unsubscribe_url"] = self._unsubscribe_url(delivery_id)
        values["view_url"] = self._view_url(delivery_id) if self._view_url else ""
        values[_ADDRESS] = claimed.address
        values[_ID] = str(delivery_id)
        segments = self._segments.copy()
        try:
            for index, fill in self._holes:
                segments[index] = fill(values)
        except UnicodeEncodeError as error:
            raise BadText from error
        except TemplateRefused as refusal:
            raise TemplateFailed.by(refusal) from refusal
        return Letter(delivery_id, self._sender(delivery_id), claimed.address, b"".join(segments))


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


def _merged(pieces: Sequence[Piece]) -> list[Piece]:
    merged: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, bytes) and merged and isinstance(merged[-1], bytes):
            merged[-1] += piece
        else:
            merged.append(piece)
    return merged


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


def _to(values: Fields) -> bytes:
    return mailbox(values.get("full_name", ""), header_address(values[_ADDRESS]), len("To: "))


def _list_unsubscribe(values: Fields) -> bytes:
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

    def __call__(self, values: Fields) -> bytes:
        second = int(self._clock() - self._began)
        if second != self._second:
            now = self._start + timedelta(seconds=second)
            self._second, self._value = second, format_datetime(now).encode()
        return self._value


def _content(content: EmailContent) -> list[Piece]:
    key = blake2s(content.run_key.encode(), digest_size=12).hexdigest()
    parts = _bodies(content)
    body = parts[0] if len(parts) == 1 else _multipart("alternative", f"=_a{key}", parts)
    if content.attachments:
        files: list[list[Piece]] = [[attachment_part(*file)] for file in content.attachments]
        return _multipart("mixed", f"=_m{key}", [body, *files])
    return body if len(parts) > 1 else [*body, b"\r\n"]


def _bodies(content: EmailContent) -> list[list[Piece]]:
    html = parse(content.html)
    bodies: list[list[Piece]] = []
    if content.text.strip() or not content.html.strip():
        text = parse(content.text)
        if text.is_plain:
            raw = [raw_text] * len(text.slots)
            bodies.append(_part("plain", text.literals, text.slots, raw))
        else:
            bodies.append(_rendered_part("plain", text.source, partial(_raw_rendering, text)))
    elif html.is_plain:
        bodies.append(_text_of(html))
    else:
        bodies.append(_rendered_part("plain", html.source, partial(_text_rendering, html)))
    if content.html.strip():
        if html.is_plain:
            escapes = [HTML_ESCAPES[place] for place in places(html.literals)]
            bodies.append(_part("html", html.literals, html.slots, escapes))
        else:
            bodies.append(_rendered_part("html", html.source, partial(_html_rendering, html)))
    return bodies


def _raw_rendering(template: Template, values: Fields) -> str:
    return raw_text(template.render(values))


def _html_rendering(template: Template, values: Fields) -> str:
    return escape_parts(template.parts(values))


def _text_rendering(template: Template, values: Fields) -> str:
    return html_to_text(_html_rendering(template, values))


def _text_of(html: Template) -> list[Piece]:
    found = places(html.literals)
    literals, numbers = literals_to_text(html.literals)
    names = [html.slots[number] for number in numbers]
    return _part("plain", literals, names, [TEXT_ESCAPES[found[number]] for number in numbers])


def _part(
    kind: str, literals: Sequence[str], names: Sequence[str], escapes: Sequence[Escape]
) -> list[Piece]:
    """A text part whose slots stand between fixed literals."""
    texts = [line_ends(literal) for literal in literals]
    whole = "".join(texts)
    if not names and is_seven_bit(whole):
        return [_part_headers(kind, "7bit"), whole.encode()]
    if not prefers_base64(whole):
        pieces = _quoted_printable_pieces(texts, names, escapes)
        return [_part_headers(kind, "quoted-printable"), *pieces]
    if not names:
        return [_part_headers(kind, "base64"), base64_lines(whole.encode())]
    slots = tuple(zip(range(1, 2 * len(names), 2), names, escapes, strict=True))
    return [_part_headers(kind, "base64"), partial(_base64_filled, _spread(texts), slots)]


def _spread(texts: Sequence[str]) -> list[str]:
    """The literals with an empty place between each two."""
    return [*chain.from_iterable((text, "") for text in texts)][:-1]


def _base64_filled(
    texts: list[str], slots: tuple[tuple[int, str, Escape], ...], values: Fields
) -> bytes:
    filled = texts.copy()
    for index, name, escape in slots:
        value = escape(values.get(name, ""))
        filled[index] = value if value.isprintable() else line_ends(value)
    return base64_lines("".join(filled).encode())


def _quoted_printable_pieces(
    texts: Sequence[str], names: Sequence[str], escapes: Sequence[Escape]
) -> list[Piece]:
    """A slot always begins its own line, and nothing but a line's end follows it there."""
    pieces: list[Piece] = [quoted_printable(texts[0])]
    before = texts[0]
    for text, name, escape in zip(texts[1:], names, escapes, strict=True):
        if before and not before.endswith("\n"):
            pieces.append(b"=\r\n")
        pieces.append(partial(_quoted_slot, name, escape))
        if text and not text.startswith("\r\n"):
            pieces.append(b"=\r\n")
        pieces.append(quoted_printable(text))
        before = text or "after a slot"
    return pieces


def _quoted_slot(name: str, escape: Escape, values: Fields) -> bytes:
    return quoted_printable_value(escape(values.get(name, "")))


def _rendered_part(kind: str, source: str, rendering: Callable[[Fields], str]) -> list[Piece]:
    """A text part that is rendered as a whole, per recipient."""
    if prefers_base64(source):
        return [
            _part_headers(kind, "base64"),
            lambda values: base64_lines(line_ends(rendering(values)).encode()),
        ]
    return [
        _part_headers(kind, "quoted-printable"),
        lambda values: quoted_printable(rendering(values)),
    ]


def _part_headers(kind: str, encoding: str) -> bytes:
    return (
        f'Content-Type: text/{kind}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode()


def _multipart(subtype: str, boundary: str, parts: Sequence[Sequence[Piece]]) -> list[Piece]:
    head = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n\r\n'
    pieces: list[Piece] = [head.encode()]
    for number, part in enumerate(parts):
        pieces += [b"\r\n" if number else b"", f"--{boundary}\r\n".encode(), *part]
    return [*pieces, f"\r\n--{boundary}--\r\n".encode()]
