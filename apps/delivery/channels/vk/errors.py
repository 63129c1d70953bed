"""What an error of VK means. docs/channels/vk.md has the same table, with its sources."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final


class Meaning(Enum):
    """Whom an error is about, and whether it passes."""

    GONE = auto()  # this person cannot be written to any more
    PERSON = auto()  # this person, this message
    MESSAGE = auto()  # the message: nobody gets it
    ACCOUNT = auto()  # the token, the community: a person must look
    LATER = auto()  # too much at a time; the value of WAITS is waited for
    SERVICE = auto()  # an error inside VK: it may have been sent


MEANINGS: Final[Mapping[int, Meaning]] = {
    **dict.fromkeys((18, 37, 900, 901, 902, 3610), Meaning.GONE),
    **dict.fromkeys((39, 113, 936), Meaning.PERSON),
    **dict.fromkeys((100, 911, 914), Meaning.MESSAGE),
    **dict.fromkeys((2, 3, 5, 7, 8, 14, 15, 17, 20, 23, 27, 28), Meaning.ACCOUNT),
    **dict.fromkeys((34, 38, 40, 42, 1117, 3300), Meaning.ACCOUNT),
    **dict.fromkeys((6, 9, 29, 43, 103), Meaning.LATER),
    **dict.fromkeys((1, 10, 13, 36), Meaning.SERVICE),
}
#: Seconds for which the whole community sends nothing after an error of ``LATER``.
WAITS: Final[Mapping[int, float]] = {6: 1.0, 9: 60.0, 29: 3600.0, 43: 60.0, 103: 3600.0}


def meaning_of(code: int) -> Meaning:
    """An error that nobody has met yet is about the message: twenty in a row stop the run."""
    return MEANINGS.get(code, Meaning.MESSAGE)
