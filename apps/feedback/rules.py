"""What follows from events: pure functions, without clock and database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from apps.delivery.channels.email import bounce_codes
from apps.delivery.channels.email.bounce_codes import Bounce
from apps.feedback.models import Event
from apps.mailings.models import Suppression

#: So many letters in a row that came back for a passing reason end it with the address.
SOFT_LIMIT: Final = 3

Kind = Event.Kind


@dataclass(frozen=True, slots=True)
class Judgement:
    """``state``: where the delivery goes; ``suppress``: why its address is not used any more;
    ``alert``: the owner must hear of it. Empty: nothing."""

    state: str = ""
    suppress: str = ""
    alert: bool = False


def bounce_of(status: str, reason: str = "", *, code: int = 0, text: str = "") -> Bounce:
    """Judge by the server's response; where that says nothing, by anymail's reject reason."""
    bounce = bounce_codes.bounce_of(bounce_codes.status_of(status), code, text)
    return bounce or _BY_REASON.get(reason, Bounce.SOFT)


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
#: Some providers call that a bounce. ("spam" is none of it: there the letter was not liked.)
_LEFT: Final = {
    "complained": Suppression.Reason.COMPLAINED,
    "unsubscribed": Suppression.Reason.UNSUBSCRIBED,
}
_SEEN = Judgement("delivered")


def judge(kind: str, bounce: Bounce, *, reason: str = "", softs: int = 1) -> Judgement:
    """The effects of an event of this kind. ``softs``: soft bounces in a row, this one included.

    A recipient who opens, complains or unsubscribes has received the message.
    """
    if kind == Kind.BOUNCED and reason in _LEFT:
        return Judgement("bounced", _LEFT[reason])
    if kind == Kind.BOUNCED:
        gone = bounce is Bounce.HARD or (bounce is Bounce.SOFT and softs >= SOFT_LIMIT)
        return Judgement("bounced", Suppression.Reason.BOUNCED if gone else "")
    if kind == Kind.FAILED:
        return Judgement("bounced", Suppression.Reason.BOUNCED if bounce is Bounce.HARD else "")
    if kind == Kind.REJECTED:
        return Judgement("bounced", _REMEMBERED.get(reason, ""))
    if kind == Kind.COMPLAINED:
        return Judgement("delivered", Suppression.Reason.COMPLAINED, alert=True)
    if kind == Kind.UNSUBSCRIBED:
        return Judgement("delivered", Suppression.Reason.UNSUBSCRIBED)
    return _PLAIN.get(kind, Judgement())


_PLAIN: Final = {
    Kind.QUEUED.value: Judgement("sent"),
    Kind.SENT.value: Judgement("sent"),
    Kind.DELIVERED.value: _SEEN,
    Kind.OPENED.value: _SEEN,
    Kind.CLICKED.value: _SEEN,
}
