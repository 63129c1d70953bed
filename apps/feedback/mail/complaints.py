"""Complaints by mail: RFC 5965, Microsoft's JMRP, and letters that a feedback loop forwards."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_string
from email.message import Message
from typing import Final

from apps.feedback.mail.parts import parts, text_of, text_of_message
from apps.feedback.message_refs import delivery_token_in
from apps.feedback.rules import Kind
from apps.feedback.tracking_event import plain

_REPORT: Final = "message/feedback-report"
_KINDS: Final = {
    "abuse": Kind.COMPLAINED,
    "fraud": Kind.COMPLAINED,
    "virus": Kind.COMPLAINED,
    "opt-out": Kind.UNSUBSCRIBED,
}
#: Microsoft's junk mail reporting names the one who complained in the letter that it returns.
_JMRP = re.compile(r"^X-HmXmrOriginalRecipient:[ \t]*<?([^\s<>]{3,254})>?[ \t]*$", re.I | re.M)
_LOOPS = re.compile(
    r"\b(?:staff@hotmail\.com|scomp@|fbl[\w-]*@|[\w-]*fbl@|feedback-?loop[\w-]*@|abuse[\w-]*@"
    r"|complaints?[\w-]*@|spam-?reports?[\w-]*@)",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\bcomplaint about message\b|\b(?:spam|abuse|junk|e-?mail feedback|user) (?:report"
    r"|complaint)\b"
    r"|\breported as (?:spam|junk)\b|жалоб\w* на (?:спам|письмо|рассылк)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a recipient made his provider say. ``kind`` is empty for what is no complaint."""

    kind: str
    recipient: str = ""
    words: str = ""


def complaint_in(message: Message, returned: str) -> Complaint | None:
    """The complaint in this mail; None when it is no mail of this sort."""
    report = next(iter(parts(message, _REPORT)), None)
    if report is not None:
        return _arf(message_from_string(text_of_message(report).strip()))
    for part in parts(message, "text/plain"):
        text = text_of(part, 2000).lstrip()
        if text.lower().startswith("feedback-type:"):
            return _arf(message_from_string(text))
    found = _JMRP.search(returned)
    if found:
        return Complaint(Kind.COMPLAINED, found[1], "JMRP")
    return _forwarded(message, returned)


def _arf(fields: Message) -> Complaint:
    kind = _KINDS.get(plain(fields.get("Feedback-Type")).lower(), "")
    recipient = plain(fields.get("Original-Rcpt-To")).strip("<>")
    return Complaint(kind, recipient, plain(fields.get("User-Agent")))


def _forwarded(message: Message, returned: str) -> Complaint | None:
    """A letter of ours, attached as it was, from a mailbox that forwards complaints."""
    sender, subject = plain(message.get("From")), plain(message.get("Subject"))
    if not _LOOPS.search(sender) and not _SUBJECT.search(subject):
        return None
    if message.get_content_type() == "multipart/report" or delivery_token_in(returned) is None:
        return None
    return Complaint(Kind.COMPLAINED, "", subject)
