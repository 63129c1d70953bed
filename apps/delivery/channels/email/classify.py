"""What a reply means for the letter: by code, enhanced code and stage, never by its words.

RFC 5321, 4.2.1 (reply codes), RFC 3463 (enhanced codes), RFC 4954 (AUTH).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from apps.core.contracts import Blame, Verdict
from apps.delivery.channels.email.replies import Reply

#: "Service not available, closing transmission channel": whatever it answers, the line is over.
CLOSING: Final = 421
#: Authentication required, too weak, failed, encryption required: asked of the account.
_ACCOUNT_CODES: Final = frozenset({530, 534, 535, 538})
_TEMPORARY_AUTHENTICATION_FAILURE: Final = 454


class Stage(Enum):
    """Where a connection stands: what it is busy with, or which reply it waits for."""

    CLOSED = "closed"
    OPENING = "the log-in"
    IDLE = "the next letter"
    RSET = "RSET"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "the body"  # 354 was read; the final dot has not been offered to the kernel
    DOT = "the final dot"
    LONE_DOT = "the empty body"  # ends a DATA that should have been refused


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a connection did not open, or broke: whose trouble it is, and the last words heard."""

    text: str
    code: int = 0
    blame: Blame = Blame.NETWORK


class LineLost(Exception):
    """The connection is of no more use. What became of its letters depends on the stage."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.text)
        self.trouble = trouble


def enhanced_code(words: bytes) -> tuple[int, int, int] | None:
    """The enhanced code at the start of a reply's words (RFC 3463), such as (5, 1, 1)."""
    parts = words[:12].split(None, 1)[:1]
    digits = parts[0].split(b".") if parts else []
    if len(digits) != 3 or not all(part.isdigit() and len(part) <= 3 for part in digits):
        return None
    status, subject, detail = (int(part) for part in digits)
    return (status, subject, detail) if status in (2, 4, 5) else None


def classify(reply: Reply, stage: Stage) -> tuple[Verdict, Blame]:
    """What a complete reply means for the letter, and whose trouble it tells of.

    ``stage`` is MAIL, RCPT, DATA or DOT; a reply of class 2 is meant only for DOT. 421 and the
    mail system's own 4.3.x are the way out's trouble, a demand for authentication the account's.
    """
    code = reply.code
    if code < 300 and stage is Stage.DOT:
        return Verdict.SENT, Blame.RECIPIENT
    if code == CLOSING:
        return Verdict.RETRY, Blame.NETWORK
    if code in _ACCOUNT_CODES and stage is not Stage.DOT:
        return Verdict.UNSENT, Blame.ACCOUNT
    if code >= 500:
        return Verdict.FAILED, Blame.RECIPIENT
    enhanced = enhanced_code(reply.words)
    if enhanced is not None and enhanced[:2] == (4, 3):
        return Verdict.RETRY, Blame.NETWORK
    return Verdict.RETRY, Blame.RECIPIENT


def blame_for_login(code: int) -> Blame:
    """Whose trouble a refused AUTH is: 454 and every 5xx are the account's, the rest passes."""
    if code >= 500 or code == _TEMPORARY_AUTHENTICATION_FAILURE:
        return Blame.ACCOUNT
    return Blame.NETWORK
