"""Mail that tells of mail: delivery reports (RFC 3464), complaints (RFC 5965), and free forms.

Anybody can write such a mail. What it says is believed as far as it carries a mark of ours: the
address that it came to (VERP), or the unsubscribe link of the letter that it returns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from hashlib import sha256
from typing import Final

import structlog
from flufl.bounce import all_failures

from apps.feedback.report import Report, code_in, event_id, plain, status_in
from apps.feedback.rules import Kind
from apps.feedback.traces import message_id_in, sealed_in
from apps.mailings.links import delivery_of_bounce

log = structlog.get_logger(__name__)

SOURCE: Final = "mail"
#: The most recipients of one report that are looked at.
_MOST: Final = 50
#: Where the address stands that a bounce came to, from the surest on.
_CAME_TO: Final = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
_ACTIONS: Final = {
    "failed": Kind.BOUNCED,
    "delayed": Kind.DEFERRED,
    "delivered": Kind.DELIVERED,
    "relayed": Kind.SENT,
    "expanded": Kind.SENT,
}
_COMPLAINTS: Final = {"abuse": Kind.COMPLAINED, "fraud": Kind.COMPLAINED, "virus": Kind.COMPLAINED}
_VAGUE: Final = frozenset({"", "5.0.0", "4.0.0"})


@dataclass(frozen=True, slots=True)
class _Mail:
    """A mail, and what in it is ours."""

    message: Message
    name: str
    sealed: int | None
    message_id: str


def reports_of(raw: bytes) -> list[Report]:
    """What a mail reports of letters of ours; nothing when it is no report."""
    message = message_from_bytes(raw)
    returned = _returned(message)
    mail = _Mail(
        message,
        sha256(raw).hexdigest()[:32],
        _mark(message) or sealed_in(returned),
        message_id_in(returned),
    )
    statuses = _parts(message, "message/delivery-status")
    complaints = _parts(message, "message/feedback-report")
    if statuses:
        return list(_delivery_reports(mail, statuses[0]))
    if complaints:
        return list(_complaint(mail, complaints[0]))
    return list(_free_form(mail, raw))


def _mark(message: Message) -> int | None:
    for name in _CAME_TO:
        for value in message.get_all(name, []):
            if (number := delivery_of_bounce(str(value)[:2000])) is not None:
                return number
    return None


def _parts(message: Message, kind: str) -> list[Message]:
    return [part for part in message.walk() if part.get_content_type() == kind]


def _returned(message: Message) -> str:
    """The headers of the letter that is sent back with the report."""
    for part in _parts(message, "message/rfc822"):
        inner = part.get_payload()
        if isinstance(inner, list) and inner and isinstance(inner[0], Message):
            return _headers(inner[0])
    for part in _parts(message, "text/rfc822-headers"):
        text = part.get_payload(decode=True)
        return text.decode("utf-8", "replace") if isinstance(text, bytes) else ""
    return ""


def _headers(message: Message) -> str:
    return "\n".join(f"{name}: {value}" for name, value in message.items())


def _delivery_reports(mail: _Mail, part: Message) -> Iterator[Report]:
    """RFC 3464, 2.3: one group of fields for each recipient, after that for the message."""
    groups = part.get_payload()
    listed = [one for one in groups if isinstance(one, Message)] if isinstance(groups, list) else []
    for fields in listed[: _MOST + 1]:
        kind = _ACTIONS.get(plain(fields.get("Action")).lower())
        if kind is None:
            continue
        told = _value(fields.get("Diagnostic-Code"))
        status = status_in(plain(fields.get("Status")))
        if status in _VAGUE:
            status = status_in(told) or status
        # The sender wrote to the original recipient; the final one may lie behind a forwarding.
        recipient = _value(fields.get("Original-Recipient")) or _value(
            fields.get("Final-Recipient")
        )
        yield _report(mail, kind, recipient, status, told)


def _complaint(mail: _Mail, part: Message) -> Iterator[Report]:
    payload = part.get_payload()
    fields = payload[0] if isinstance(payload, list) and payload else part
    if not isinstance(fields, Message):
        return
    kind = _COMPLAINTS.get(plain(fields.get("Feedback-Type")).lower())
    if kind is not None:
        recipient = plain(fields.get("Original-Rcpt-To")).strip("<>")
        yield _report(mail, kind, recipient, "", plain(fields.get("User-Agent")))


def _free_form(mail: _Mail, raw: bytes) -> Iterator[Report]:
    """Servers that write as they please; flufl.bounce knows many of them."""
    try:
        passing, permanent = all_failures(mail.message)
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        log.info("bounce_unreadable", error=type(error).__name__)
        return
    text = raw.decode("utf-8", "replace")
    found = _Mail(
        mail.message,
        mail.name,
        mail.sealed or sealed_in(text),
        mail.message_id or _message_id_below(text),
    )
    told = plain(_first_text(mail.message))
    for kind, addresses in ((Kind.DEFERRED, passing), (Kind.BOUNCED, permanent)):
        for address in sorted(addresses)[:_MOST]:
            recipient = plain(address.decode("utf-8", "replace"))
            yield _report(found, kind, recipient, status_in(told), told)


def _message_id_below(text: str) -> str:
    """The Message-ID of a letter that is quoted in the text, not the mail's own."""
    _own, _blank, below = text.replace("\r\n", "\n").partition("\n\n")
    return message_id_in(below)


def _first_text(message: Message) -> str:
    for part in _parts(message, "text/plain"):
        text = part.get_payload(decode=True)
        if isinstance(text, bytes):
            return text[:4000].decode("utf-8", "replace")
    return ""


def _value(field: object) -> str:
    """What follows the type: ``rfc822; anna@example.org``, ``smtp; 550 5.1.1 …``."""
    _type, _semicolon, value = plain(field).partition(";")
    return (value or _type).strip().strip("<>")


def _report(mail: _Mail, kind: str, recipient: str, status: str, words: str) -> Report:
    return Report(
        source=SOURCE,
        event_id=event_id(mail.name, kind, recipient.lower()),
        kind=kind,
        sealed=mail.sealed,
        message_id=mail.message_id,
        recipient=recipient.lower(),
        status=status,
        code=code_in(words),
        words=words,
    )
