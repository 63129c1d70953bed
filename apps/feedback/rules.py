"""What follows from news: pure functions, without clock and database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from apps.feedback.models import Event
from apps.mailings.models import Suppression

#: So many letters in a row that came back for a passing reason end it with the address.
SOFT_LIMIT: Final = 3

Kind = Event.Kind
_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")
#: RFC 3463, 3.2: 5.1.5 is a success, 5.1.7 and 5.1.8 are the sender's address, 5.1.9 the relay.
_NOT_THE_RECIPIENT: Final = frozenset({5, 7, 8, 9})
#: Content (X.6), policy (X.7), protocol (X.5): the sender's fault.
_SENDERS_SUBJECTS: Final = frozenset({5, 6, 7})


class Bounce(StrEnum):
    """Whose trouble a refusal tells of."""

    HARD = "hard"  # there is no such address
    SOFT = "soft"  # full, away, too late: another letter may get through
    SENDER = "sender"  # the letter or its sender was not liked


@dataclass(frozen=True, slots=True)
class Judgement:
    """``state``: where the delivery goes; ``suppress``: why its address is not used any more;
    ``alert``: the owner must hear of it. Empty: nothing."""

    state: str = ""
    suppress: str = ""
    alert: bool = False


def bounce_of(status: str, reason: str) -> Bounce:
    """By the enhanced status (RFC 3463); without one, by anymail's reason for a rejection."""
    found = _STATUS.fullmatch(status)
    if found is None:
        return _BY_REASON.get(reason, Bounce.SOFT)
    kind, subject, detail = (int(part) for part in found.groups())
    if kind != 5:
        return Bounce.SOFT
    if (subject, detail) == (2, 1):
        return Bounce.HARD
    if subject == 1:
        return Bounce.SENDER if detail in _NOT_THE_RECIPIENT else Bounce.HARD
    senders = subject in _SENDERS_SUBJECTS or (subject, detail) == (3, 4)
    return Bounce.SENDER if senders else Bounce.SOFT


#: ``bounced`` alone does not say for how long, so it takes three of them.
_BY_REASON: Final = {
    "invalid": Bounce.HARD,
    "spam": Bounce.SENDER,
    "blocked": Bounce.SENDER,
}
#: Why a provider does not even try: it remembers what the recipient said earlier.
_REMEMBERED: Final = {
    "bounced": Suppression.Reason.BOUNCED,
    "invalid": Suppression.Reason.BOUNCED,
    "spam": Suppression.Reason.COMPLAINED,
    "unsubscribed": Suppression.Reason.UNSUBSCRIBED,
}
_SEEN = Judgement("delivered")


def judge(kind: str, bounce: Bounce, *, reason: str = "", softs: int = 1) -> Judgement:
    """What news of this kind means. ``softs``: soft bounces in a row, this one included.

    Whoever opens, complains or leaves has received the letter.
    """
    if kind == Kind.BOUNCED:
        gone = bounce is Bounce.HARD or (bounce is Bounce.SOFT and softs >= SOFT_LIMIT)
        return Judgement("refused", Suppression.Reason.BOUNCED if gone else "")
    if kind == Kind.REJECTED:
        return Judgement("refused", _REMEMBERED.get(reason, ""))
    if kind == Kind.COMPLAINED:
        return Judgement("delivered", Suppression.Reason.COMPLAINED, alert=True)
    if kind == Kind.UNSUBSCRIBED:
        return Judgement("delivered", Suppression.Reason.UNSUBSCRIBED)
    return _PLAIN.get(kind, Judgement())


_PLAIN: Final = {
    Kind.QUEUED.value: Judgement("sent"),
    Kind.SENT.value: Judgement("sent"),
    Kind.FAILED.value: Judgement("refused"),
    Kind.DELIVERED.value: _SEEN,
    Kind.OPENED.value: _SEEN,
    Kind.CLICKED.value: _SEEN,
}
