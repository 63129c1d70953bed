"""What a file is by its first bytes, where it is none of the pictures that are taken."""

from __future__ import annotations

import re
from typing import Final

_MARKUP: Final = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml|<!--|<!doctype svg|<svg)", re.I)
_APPLE: Final = re.compile(rb"\A....ftyp(?:heic|heix|hevc|mif1|msf1|avif|avis)", re.S)


def why_not(head: bytes) -> str:
    """The code of the reason; empty when a decoder shall look at it."""
    if not head:
        return "empty"
    if _MARKUP.match(head):
        return "svg" if b"<svg" in head.lower() or b"<?xml" in head.lower() else "no_picture"
    return "heic" if _APPLE.match(head) else ""
