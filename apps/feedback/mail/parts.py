"""Where in a mail that came back stands what: the machine's words, people's words, our letter."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from contextlib import suppress
from email import message_from_string
from email.message import Message
from html import unescape
from quopri import decodestring
from typing import Final

from apps.feedback.tracking_event import plain
from apps.mailings.links import delivery_of_bounce

#: The most of a text that is looked through.
_MOST_TEXT: Final = 20_000
_MOST_PARTS: Final = 100
#: Where the address stands that a bounce came to, from the surest on.
_CAME_TO: Final = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
#: RFC 3464 and RFC 6533.
STATUSES: Final = ("message/delivery-status", "message/global-delivery-status")
RETURNED: Final = ("message/rfc822", "message/global")
RETURNED_HEADERS: Final = ("text/rfc822-headers", "message/global-headers")
_DECODERS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "base64": b64decode,
    "quoted-printable": decodestring,
}
#: The most recipients of one report that are looked at.
MOST_GROUPS: Final = 50
_BLANK = re.compile(r"\r?\n[ \t]*\r?\n")
#: From here on a text is no longer the server's, but the letter that it returns.
_COPY = re.compile(
    r"^[ \t>]*(?:-{2,}.{0,60}(?:copy|original message|returned message|message text|header|below"
    r"|unsent|included message|text of your message).{0,80}"
    r"|(?:Received|Return-Path|DKIM-Signature|Message-ID|MIME-Version)[ \t]*:.{0,200})$",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[\w.-]{1,255}")
_LISTED = re.compile(r"[ \t]*<?[^\s<>@:]{1,64}@[\w.-]{1,255}>?:?[ \t]*$")
#: The most of a server's words that are judged and kept.
_MOST_WORDS: Final = 500
_REFUSAL = re.compile(r"\b[45]\d\d[ -]#?[45]\.\d{1,3}\.\d{1,3}\b")
_GROUP = re.compile(r"^(?:Final-Recipient|Original-Recipient|Action):", re.I | re.M)
_TAG = re.compile(r"<[^<>]{0,400}>")


def mark_of(message: Message) -> int | None:
    """The delivery whose own bounce address the mail came to."""
    for name in _CAME_TO:
        for value in message.get_all(name, []):
            if (number := delivery_of_bounce(str(value)[:2000])) is not None:
                return number
    return None


def parts(message: Message, *kinds: str) -> list[Message]:
    """The parts of these types, in their order; what is inside a returned letter is not ours."""
    return [part for part in _all_parts(message) if part.get_content_type() in kinds]


def _all_parts(message: Message) -> list[Message]:
    found: list[Message] = []
    todo = [message]
    while todo and len(found) < _MOST_PARTS:
        part = todo.pop()
        found.append(part)
        inner = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inner, list):
            todo += [one for one in reversed(inner) if isinstance(one, Message)]
    return found


def text_of(part: Message, most: int = _MOST_TEXT) -> str:
    """A part's text, whatever its charset claims to be."""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):  # pragma: no cover - only of a part that has parts
        return ""
    content = content[:most]
    try:
        return content.decode(part.get_content_charset() or "utf-8", "strict")
    except (LookupError, UnicodeDecodeError, ValueError):
        return content.decode("utf-8", "replace")


def text_of_message(part: Message) -> str:
    """The decoded text of a ``message/...`` part, which the parser has taken apart already.

    RFC 6533 allows such a part to be base64 or quoted-printable.
    """
    inner = part.get_payload()
    if not isinstance(inner, list):  # pragma: no cover - the parser makes a list of every one
        return text_of(part)
    raw = b"\n".join(one.as_bytes() for one in inner if isinstance(one, Message))
    decode = _DECODERS.get(str(part.get("Content-Transfer-Encoding", "")).strip().lower())
    if decode is not None:
        with suppress(ValueError):
            raw = decode(raw)
    return raw[:_MOST_TEXT].decode("utf-8", "replace")


def groups_of(part: Message) -> list[Message]:
    """RFC 3464, 2.3: a group of fields for the message, after that one for each recipient."""
    blocks = _BLANK.split(text_of_message(part).strip())
    return [message_from_string(block.lstrip("\n")) for block in blocks[: MOST_GROUPS + 1]]


def returned_headers(message: Message) -> str:
    """The headers of the letter that is sent back with the report."""
    for part in parts(message, *RETURNED, *RETURNED_HEADERS):
        whole = part.get_content_type() in RETURNED
        text = text_of_message(part) if part.is_multipart() else text_of(part)
        found = _BLANK.split(text.lstrip(), 1)[0] if whole else text
        if found.strip():
            return found
    return ""


def written(message: Message) -> str:
    """What the server wrote for people: its texts, without the letter that is returned below."""
    return own_words(body_of(message))


def body_of(message: Message) -> str:
    """All texts of the mail; of a mail whose parts cannot be separated, all that it has."""
    texts = [text_of(part) for part in parts(message, "text/plain")]
    if not any(text.strip() for text in texts):
        pages = parts(message, "text/html")
        texts = [unescape(_TAG.sub(" ", text_of(part))) for part in pages]
    if not any(text.strip() for text in texts):
        broken = [one.get_payload() for one in _all_parts(message) if not one.is_multipart()]
        texts = [str(text) for text in broken]
    return "\n".join(texts)[:_MOST_TEXT].replace("\r\n", "\n")


def groups_in(text: str) -> list[Message]:
    """The fields of a report that stand in a text, as mails do that were forwarded or cut."""
    lines = [line.removeprefix("> ").removeprefix(">") for line in text.splitlines()]
    found: list[Message] = []
    for block in "\n".join(lines).split("\n\n"):
        start = _GROUP.search(block)
        if start and len(found) < MOST_GROUPS:
            found.append(message_from_string(block[start.start() :]))
    return found


def own_words(text: str) -> str:
    """The text up to the copy of the letter."""
    return _COPY.split(text, maxsplit=1)[0]


def own_lines(text: str, addresses: list[str], *, alone: bool) -> str:
    """What is written on the line that names the address and on those below it.

    Up to the next address, so that no recipient gets another's failure. Where no address is named,
    the whole text, if the report is about one recipient ``alone``.
    """
    names = [address.lower() for address in addresses if address]
    lines = text.splitlines()
    found: list[str] = []
    inside, others = False, False
    for line in lines:
        other = _LISTED.match(line) is not None
        if any(name in line.lower() for name in names):
            inside = True
        elif inside and (other or not alone and _ADDRESS.search(line)):
            inside = False
        others = others or other
        if inside:
            found.append(line)
    found = found or (lines if alone and not others else [])
    own = " ".join(" ".join(found).split())
    refusal = _REFUSAL.search(own)
    if refusal and refusal.end() > _MOST_WORDS:
        own = own[max(refusal.start() - 50, 0) :]
    return plain(own, _MOST_WORDS)
