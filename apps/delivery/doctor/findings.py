"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """``ADVICE`` may be on purpose; ``WRONG`` is not."""

    OK = "ok"
    ADVICE = "advice"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """``mend`` is what to do about it; empty when nothing has to be done."""

    subject: str
    level: Level
    words: str
    mend: str = ""


def ok(subject: str, words: str) -> Finding:
    """As it should be."""
    return Finding(subject, Level.OK, words)


def advice(subject: str, words: str, mend: str) -> Finding:
    """Works, and could be better."""
    return Finding(subject, Level.ADVICE, words, mend)


def wrong(subject: str, words: str, mend: str) -> Finding:
    """Does not work, or does not keep what is promised."""
    return Finding(subject, Level.WRONG, words, mend)
