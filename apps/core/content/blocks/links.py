"""Addresses and placeholders as a document may hold them."""

from __future__ import annotations

import re
from typing import Final

MAX_LINK: Final = 2_000
PLACEHOLDER: Final = re.compile(r"\{\{[^{}]{1,200}\}\}")
_LINK: Final = re.compile(
    r"(?:https?://[^\s\x00-\x20<>\"']+|mailto:[^\s\x00-\x20<>\"']+|tel:\+?[0-9()\- ]+|#[\w-]+"
    r"|PLACEHOLDER[^\s\x00-\x20<>\"']*)?"
)


def is_link(value: str) -> bool:
    """True if it only opens a page, a letter or a call, or is begun by a placeholder."""
    return len(value) <= MAX_LINK and bool(_LINK.fullmatch(PLACEHOLDER.sub("PLACEHOLDER", value)))


def checked_link(value: str) -> str:
    """The address without blanks around it. Raises ValueError for one that ``is_link`` is not."""
    value = value.strip()
    if not is_link(value):
        raise ValueError("write an address that begins with https://, mailto: or tel:")
    return value
