"""Whom a reply is about, by stage, code, enhanced code and words: one table, read from the top.

RFC 5321, 4.2.1 to 4.2.3 (reply codes), RFC 3463 (enhanced codes), RFC 4954 (AUTH). docs/channels.md
shows the same table; a test compares them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Final

from apps.core.contracts import Blame, Verdict
from apps.core.responses.stored import Response
from apps.delivery.channels.email.bounce_codes import Status, is_hard
from apps.delivery.channels.email.smtp.replies import Reply

#: "Service not available, closing transmission channel": it ends the connection always.
CLOSING: Final = 421
#: Codes that say of an address that it does not exist, when RCPT is answered with them. A bare 550
#: proves too little.
_GONE: Final = frozenset({(5, 1, 1), (5, 1, 2), (5, 1, 3), (5, 1, 6), (5, 1, 10), (5, 2, 1)})
#: Authentication required, too weak, failed, encryption required: asked of the account.
LOG_IN_CODES: Final = frozenset({530, 534, 535, 538})
#: Bad sequence, or a command that is not known: it concerns the session and nothing else.
OUT_OF_STEP: Final = frozenset({500, 502, 503})


class Stage(Enum):
    """Where a connection stands: what it is busy with, or which reply it waits for."""

    CLOSED = "closed"
    OPENING = "log-in"
    IDLE = "idle"
    RSET = "RSET"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "body"  # 354 was read; the final dot has not been offered to the kernel
    DOT = "dot"
    LONE_DOT = "empty-body"  # ends a DATA that should have been refused


class Scope(Enum):
    """Whom a refusal is about."""

    RECIPIENT = "the recipient"  # this delivery: later (4yz) or never (5yz)
    SERVER = (
        "the server"  # session, rate, load: passes; no try, another connection, then a cool-down
    )
    ACCOUNT = "the account"  # log-in, sender, HELO: no try, a person must look


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a connection did not open, or broke: who is to blame, and the last reply."""

    text: Response
    code: int = 0
    blame: Blame = Blame.NETWORK


class ConnectionLost(Exception):
    """The connection is of no more use. What became of its letters depends on the stage."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text)
        self.failure = failure


@dataclass(frozen=True)
class Rule:
    """One row. ``codes`` are reply codes, ``status`` subjects and details of enhanced codes (``-``:
    there is none), y and z any digits; ``words`` names one of WORDS. Empty: anything."""

    stages: tuple[Stage, ...]
    codes: str
    status: str
    words: str
    scope: Scope
    why: str

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
        codes, status = _pattern(self.codes), _pattern(self.status)
        return codes, status, re.compile(WORDS.get(self.words, ""), re.IGNORECASE)

    def fits(self, reply: Reply, stage: Stage) -> bool:
        """True if the row covers such a reply at this stage, and no earlier one does."""
        if stage not in self.stages:
            return False
        codes, statuses, text = self._patterns
        enhanced = enhanced_code(reply.words)
        status = "-" if enhanced is None else f"{enhanced[1]}.{enhanced[2]}"
        fits = codes.fullmatch(str(reply.code)) and statuses.fullmatch(status)
        return bool(fits and text.search(reply.text))

    def markdown_row(self) -> str:
        """The row as docs/channels.md shows it."""
        stages = ", ".join(_NAMES[stage] for stage in self.stages)
        cells = (stages, self.codes, self.status, self.words, self.scope.value, self.why)
        return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")


def _pattern(text: str) -> re.Pattern[str]:
    if not text:
        return re.compile(".*")
    parts = (re.escape(part).replace("yz", "..").replace("y", r"\d+") for part in text.split(", "))
    return re.compile("|".join(parts))


@dataclass(frozen=True, slots=True)
class Judgement:
    """``gone``: the address does not exist and must not be written to again."""

    scope: Scope
    verdict: Verdict
    gone: bool = False


_M, _R, _D, _DOT = Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT
_ANY, _EARLY, _LATE = (_M, _R, _D, _DOT), (_M, _R, _D), (_R, _D, _DOT)
_NAMES: Final = {_M: "MAIL", _R: "RCPT", _D: "DATA", _DOT: "dot"}
_SERVER, _ACCOUNT, _RECIPIENT = Scope.SERVER, Scope.ACCOUNT, Scope.RECIPIENT

WORDS: Final = {
    "mailbox full": r"(?:mail ?box|inbox)\b.{0,40}\bfull|over ?quota|insufficient mailbox",
    "greylisting": r"gr[ea]y-?list|gr[ea]y list",
    "HELO": r"\b(?:helo|ehlo)\b|need fully-qualified hostname",
    "rate": r"too many (?:messages|mails|e-?mails|recipients|connections|concurrent|sessions|errors"
    r"|transactions|commands|requests)|too much mail|slow down|throttl|rate[ -]limit"
    r"|(?:sending|message|sender|submission|thread|connection) (?:rate|limit|quota)"
    r"|(?:daily|hourly) (?:\w{1,20} ){0,3}(?:limit|quota)|maximum (?:\w{1,20} ){0,2}rate"
    r"|server (?:is )?busy",
    "sender or client": r"sender address rejected|send as\b|sendas|not owned by user|client host"
    r"|sender (?:is )?(?:not allowed|denied|blocked|blacklisted)|authentication (?:is )?required"
    r"|must authenticate|not authenticated|your (?:ip|host)\b",
}

RULES: Final[tuple[Rule, ...]] = (
    Rule(_ANY, "421", "", "", _SERVER, "it closes the connection"),
    Rule(_ANY, "530, 534, 535, 538", "", "", _ACCOUNT, "it wants a log-in, or another one"),
    Rule(_EARLY, "500, 502, 503", "", "", _SERVER, "the session is out of step"),
    Rule((_DOT,), "503", "", "", _SERVER, "the session is out of step"),
    Rule(_EARLY, "4yz", "", "HELO", _SERVER, "our name, for now"),
    Rule(_EARLY, "5yz", "", "HELO", _ACCOUNT, "our name in EHLO"),
    Rule((_M, _R), "504", "", "", _ACCOUNT, "our name in EHLO"),
    Rule(_LATE, "4yz", "", "sender or client", _SERVER, "the sender or our address, for now"),
    Rule(_LATE, "5yz", "", "sender or client", _ACCOUNT, "the sender or our address"),
    Rule(_LATE, "4yz", "1.7, 1.8, 7.25", "", _SERVER, "the sender or our address, for now"),
    Rule(_LATE, "5yz", "1.7, 1.8, 7.25, 7.60", "", _ACCOUNT, "the sender or our address"),
    Rule(_LATE, "4yz, 5yz", "2.y", "", _RECIPIENT, "the mailbox: full, off, too much for it"),
    Rule(_LATE, "4yz, 5yz", "", "mailbox full", _RECIPIENT, "the mailbox"),
    Rule(_LATE, "4yz", "", "greylisting", _RECIPIENT, "it may come back later"),
    Rule(_ANY, "4yz, 5yz", "", "rate", _SERVER, "the rate"),
    Rule(_ANY, "5yz", "4.5", "", _SERVER, "the rate"),
    Rule(_ANY, "432, 452, 454", "", "", _SERVER, "storage, load, rate"),
    Rule(_LATE, "4yz", "3.y, 5.y", "", _SERVER, "the system, the session"),
    Rule((_D, _DOT), "4yz", "7.y", "", _SERVER, "rate and policy, for now"),
    Rule((_DOT,), "4yz", "-", "", _SERVER, "an error in processing"),
    Rule((_M,), "4yz", "", "", _SERVER, "no recipient was named yet"),
    Rule((_M,), "552", "", "", _RECIPIENT, "this message is too large"),
    Rule((_M,), "5yz", "2.3, 3.4, 6.y", "", _RECIPIENT, "this message's size or form"),
    Rule((_M,), "5yz", "", "", _ACCOUNT, "the sender"),
    Rule(_LATE, "4yz", "", "", _RECIPIENT, "later"),
    Rule(_LATE, "5yz", "", "", _RECIPIENT, "never"),
)


def enhanced_code(text: bytes) -> Status | None:
    """The enhanced code at the start of a reply's words (RFC 3463), such as (5, 1, 1)."""
    parts = text[:12].split(None, 1)[:1]
    digits = parts[0].split(b".") if parts else []
    if len(digits) != 3 or not all(part.isdigit() and len(part) <= 3 for part in digits):
        return None
    status, subject, detail = (int(part) for part in digits)
    return (status, subject, detail) if status in (2, 4, 5) else None


def classify(reply: Reply, stage: Stage) -> Judgement:
    """Whom a refusal (4yz, 5yz) at MAIL, RCPT, DATA or the final dot is about, and what it means.

    The class of the code decides between later and never, whatever the enhanced code says.
    """
    scope = next(rule.scope for rule in RULES if rule.fits(reply, stage))
    if reply.code < 500:
        return Judgement(scope, Verdict.RETRY)
    enhanced = enhanced_code(reply.words)
    here = scope is Scope.RECIPIENT and stage is Stage.RCPT and enhanced in _GONE
    return Judgement(scope, Verdict.FAILED, here and is_hard(enhanced, reply.code, reply.text))


def blame_for_login(code: int) -> Blame:
    """Return who is to blame for a refused AUTH: a 5yz the account; a 4yz passes (RFC 4954, 6)."""
    return Blame.ACCOUNT if code >= 500 else Blame.NETWORK
