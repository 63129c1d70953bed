"""Mail about mail: delivery reports (RFC 3464, RFC 6533), complaints, and free forms.

Anybody can write such a mail. What it says is believed as far as it carries a mark of ours: the
address that it came to (VERP), or the unsubscribe link of the letter that it returns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import Message
from hashlib import sha256
from typing import Final

from apps.core.responses.stored import foreign
from apps.delivery.channels.email.bounce_codes import aside_in
from apps.delivery.channels.email.bounce_codes import bounce_of as judged
from apps.delivery.channels.email.bounce_codes import most_specific_status, status_of
from apps.feedback.mail.complaints import Complaint, complaint_in
from apps.feedback.mail.free_forms import failures_in, is_bounce, is_json, kind_of, refused_in
from apps.feedback.mail.parts import (
    MOST_GROUPS,
    STATUSES,
    body_of,
    groups_in,
    groups_of,
    mark_of,
    own_lines,
    parts,
    returned_headers,
    written,
)
from apps.feedback.message_refs import delivery_token_in, message_id_in
from apps.feedback.rules import Kind
from apps.feedback.tracking_event import TrackingEvent, code_in, event_id, plain, status_in

SOURCE: Final = "mail"
_ACTIONS: Final = {
    "failed": Kind.BOUNCED,
    "failure": Kind.BOUNCED,
    "expired": Kind.BOUNCED,
    "error": Kind.BOUNCED,
    "delayed": Kind.DEFERRED,
    "delivered": Kind.DELIVERED,
    "relayed": Kind.SENT,
    "expanded": Kind.SENT,
}


_RECIPIENTS: Final = ("Original-Recipient", "X-Actual-Recipient", "Final-Recipient")


@dataclass(frozen=True, slots=True)
class _Mail:
    """A mail, what in it is ours, and what its server wrote for people."""

    message: Message
    name: str
    sealed: int | None
    message_id: str
    written: str
    is_marked: bool  # it came to the address that one letter had alone


def reports_of(raw: bytes) -> list[TrackingEvent]:
    """What a mail reports of letters of ours; nothing when it is no report."""
    message = message_from_bytes(raw)
    returned = returned_headers(message)
    text = written(message)
    mail = _Mail(
        message,
        sha256(raw).hexdigest()[:32],
        (mark := mark_of(message)) or delivery_token_in(returned),
        message_id_in(returned),
        text,
        mark is not None,
    )
    if is_json(text):
        return []
    complaint = complaint_in(message, returned)
    if complaint is not None:
        return list(_complaint(mail, complaint))
    groups = _groups(mail)
    if any("Action" in fields for fields in groups):
        return list(_delivery_reports(mail, groups))
    return (
        list(_delivery_reports(mail, groups)) or list(_free_form(mail, raw)) or list(_unknown(mail))
    )


def _complaint(mail: _Mail, complaint: Complaint) -> Iterator[TrackingEvent]:
    if complaint.kind:
        yield _tracking_event(mail, complaint.kind, complaint.recipient, "", complaint.words)


def _groups(mail: _Mail) -> list[Message]:
    machine = parts(mail.message, *STATUSES)[:1]
    if not machine:
        return groups_in(body_of(mail.message))
    return [group for part in machine for group in groups_of(part)]


def _delivery_reports(mail: _Mail, groups: list[Message]) -> Iterator[TrackingEvent]:
    """RFC 3464, 2.3; RFC 6533, 3."""
    about = [one for one in groups if _kind(one)]
    for fields in about:
        # The sender wrote to the original recipient; the final one may lie behind a forwarding.
        names = [_value(fields.get(name)) for name in _RECIPIENTS]
        recipient = next(filter(None, names), "")
        diagnostic = _value(fields.get("Diagnostic-Code"))
        status = status_in(plain(fields.get("Status")))
        alone = len(about) == 1
        readable = own_lines(mail.written, names, alone=alone)
        if readable and not diagnostic:  # the server's own words about this address
            readable = f"<{recipient}>: {readable.removeprefix(recipient).lstrip()}"
        judgement = _most_specific(mail, status, diagnostic, readable, alone=alone)
        yield _tracking_event(mail, _kind(fields), recipient, *judgement)


def _kind(fields: Message) -> str:
    """What happened to this recipient; empty when the group is about no recipient."""
    action = plain(fields.get("Action")).lower().strip(";, ")
    if not action and any(name in fields for name in _RECIPIENTS):
        action = {"5": "failed", "4": "delayed"}.get(plain(fields.get("Status"))[:1], "")
    return _ACTIONS.get(action.partition(" ")[0], "")


def _most_specific(
    mail: _Mail, status: str, diagnostic: str, readable: str, *, alone: bool = True
) -> tuple[str, str]:
    """The status and the words that say most.

    ``people`` is what people read about this recipient; it counts when the machine's part is vague.
    """
    text = diagnostic
    if judged(status_of(status), 0, diagnostic) is None:
        text = plain(" ".join(filter(None, (diagnostic, readable))))
    aside = aside_in(mail.written if alone else readable)
    if aside and aside not in text:
        text = f"{text[:400]} {plain(aside, 90)}"
    best = most_specific_status(status_of(status), text)
    return ("%d.%d.%d" % best if best else ""), text


def _free_form(mail: _Mail, raw: bytes) -> Iterator[TrackingEvent]:
    """Servers that write as they please; flufl.bounce knows many of them."""
    text = raw.decode("utf-8", "replace")
    found = replace(
        mail,
        sealed=mail.sealed or delivery_token_in(text),
        message_id=mail.message_id or _message_id_below(text),
    )
    return _about_each(found, failures_in(mail.message))


def _unknown(mail: _Mail) -> Iterator[TrackingEvent]:
    """No form at all, but it carries the mark of a letter."""
    if mail.sealed is None or not is_bounce(mail.message, marked=mail.is_marked):
        return
    listed = list(_about_each(mail, [(Kind.BOUNCED, one) for one in refused_in(mail.written)]))
    whole = _most_specific(mail, "", "", plain(mail.written))
    yield from listed or [_tracking_event(mail, kind_of(mail.message, mail.written), "", *whole)]


def _about_each(mail: _Mail, failures: list[tuple[str, str]]) -> Iterator[TrackingEvent]:
    """A report for each address. One that is named nowhere gives way to one that is."""
    alone = len(failures) == 1
    found = [
        (kind, address, own_lines(mail.written, [address], alone=alone))
        for kind, address in failures[:MOST_GROUPS]
    ]
    named = [one for one in found if one[2]]
    for kind, address, readable in named or found:
        readable = readable.removeprefix(f"<{address}>:").lstrip()
        yield _tracking_event(
            mail, kind, address, *_most_specific(mail, "", "", readable, alone=alone)
        )


def _message_id_below(text: str) -> str:
    """The Message-ID of a letter that is quoted in the text, not the mail's own."""
    _own, _blank, below = text.replace("\r\n", "\n").partition("\n\n")
    return message_id_in(below)


def _value(field: object) -> str:
    """What follows the type: ``rfc822; anna@example.org``, ``smtp; 550 5.1.1 …``."""
    _type, _semicolon, value = plain(field).partition(";")
    return (value or _type).strip().strip("<>")


def _tracking_event(
    mail: _Mail, kind: str, recipient: str, status: str, text: str
) -> TrackingEvent:
    return TrackingEvent(
        source=SOURCE,
        event_id=event_id(mail.name, kind, recipient.lower()),
        kind=kind,
        sealed=mail.sealed,
        message_id=mail.message_id,
        recipient=recipient.lower(),
        status=status,
        code=code_in(text),
        words=foreign(text),
    )
