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
    """``fix`` is what to do about it; empty when nothing has to be done."""

    subject: str
    level: Level
    words: str
    fix: str = ""


def ok(subject: str, text: str) -> Finding:
    """As it should be."""
    return Finding(subject, Level.OK, text)


def advice(subject: str, text: str, fix: str) -> Finding:
    """Works, and could be better."""
    return Finding(subject, Level.ADVICE, text, fix)


def wrong(subject: str, text: str, fix: str) -> Finding:
    """Does not work, or does not keep what is promised."""
    return Finding(subject, Level.WRONG, text, fix)
