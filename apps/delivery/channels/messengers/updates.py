"""What people do at a bot, whichever messenger reports it. The reports are untrusted input."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class UpdateKind(StrEnum):
    """What the update means for the sender."""

    START = "start"
    LEFT = "left"  # blocked, stopped, or thrown out of a group
    BACK = "back"


@dataclass(frozen=True, slots=True)
class BotUpdate:
    """``event_id``: the same for the same event. ``chat_id``: the number that is written to.

    ``token``: what stood in the link that the person came by. ``language``: theirs, or ''.
    """

    event_id: str
    chat_id: int
    kind: UpdateKind
    token: str = ""
    language: str = ""


def person_of(found: object) -> int | None:
    """The number of a person; None when it can be none."""
    return found if type(found) is int and 0 < found < 2**63 else None


def language_of(code: object) -> str:
    """The two letters of a language's code, or ''."""
    return code[:2].lower() if isinstance(code, str) and code.isascii() else ""
