"""One event as it came in: plain data, the same for every source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from apps.core.content.rules import CONTROLS
from apps.core.responses.stored import NOTHING, Response

_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_BASIC = re.compile(r"(?<![\d.])([245]\d\d)(?![\d.])")
#: The longest name of an event that is kept as it is.
_ID: Final = 120


@dataclass(frozen=True, slots=True)
class TrackingEvent:
    """What a source says of one letter to one recipient.

    ``source`` and ``event_id`` name it once and for all. ``kind`` and ``reason`` are anymail's
    words, ``status`` is an enhanced status (RFC 3463) or empty. ``sealed`` is the delivery that a
    token of ours in it names, which nobody can invent. ``trusted``: the source has proved who
    it is; then a Message-ID or the provider's own id of the letter is enough. ``url`` is the link
    that was followed, ``user_agent`` what followed it or opened the letter, ``preloaded``: the
    source says that a mail program loaded the images without its reader. They are for the rules
    of reactions and kept nowhere.
    """

    source: str
    event_id: str
    kind: str
    sealed: int | None = None
    trusted: bool = False
    message_id: str = ""
    recipient: str = ""
    status: str = ""
    code: int = 0
    reason: str = ""
    words: Response = NOTHING
    happened_at: datetime | None = None
    url: str = ""
    user_agent: str = ""
    preloaded: bool = False

    @property
    def facts(self) -> dict[str, Any]:
        """What is kept of it."""
        return {
            "message_id": self.message_id,
            "recipient": self.recipient,
            "status": self.status,
            "code": self.code,
            "reason": self.reason,
            "words": self.words,
            "happened_at": self.happened_at.isoformat() if self.happened_at else "",
        }


def plain(value: object, limit: int = 500) -> str:
    """A stranger's words on one line, fit to be stored and shown: no control characters."""
    if value is None or isinstance(value, (dict, list)):
        return ""
    text = str(value)[: 4 * limit].encode("utf-8", "replace").decode()
    return " ".join(CONTROLS.sub(" ", text).split())[:limit]


def event_id(*parts: object) -> str:
    """A name for the event, made of its own facts; long ones become a digest."""
    name = "|".join(plain(part, 2000) for part in parts)
    return name if len(name) <= _ID else sha256(name.encode()).hexdigest()


def status_in(text: str) -> str:
    """The enhanced status in a server's reply; empty when there is none."""
    found = _ENHANCED.search(text)
    return found[1] if found else ""


def code_in(text: str) -> int:
    """The reply code in a server's reply; 0 when there is none."""
    found = _BASIC.search(text)
    return int(found[1]) if found else 0
