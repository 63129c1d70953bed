"""Blanks as a person meant them: an editor writes no-break spaces where nobody wants one."""

from __future__ import annotations

import re
from typing import Final

NO_BREAK: Final = "\u00a0"
_SINGLE: Final = re.compile(f"(?<![{NO_BREAK} ]){NO_BREAK}(?![{NO_BREAK} ])")
#: What stays with the word behind it: a number, and a word of one or two letters.
_HOLDS: Final = re.compile(r"(?:\d|(?<![^\W\d_])[^\W\d_]{1,2})$")
_REACH: Final = 3


def plain_blanks(text: str) -> str:
    """The text with a plain space for every single no-break one.

    Kept are those behind a number or behind a word of one or two letters, which must not end a
    line, and several in a row, which somebody typed to indent.
    """
    return _SINGLE.sub(_blank, text) if NO_BREAK in text else text


def _blank(found: re.Match[str]) -> str:
    before = found.string[max(0, found.start() - _REACH) : found.start()]
    return NO_BREAK if _HOLDS.search(before) else " "
