"""The text of a file that says itself in which encoding it is, and may be wrong about it."""

from __future__ import annotations

import re
from typing import Final

from apps.mailings.importing.files.languages import eight_bit_encoding

#: What a page of HTML declares, in its head.
CHARSET: Final = re.compile(rb"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_SAMPLE: Final = 1 << 15


def declared(content: bytes, declaration: re.Pattern[bytes] = CHARSET) -> str:
    """The text, by its mark, by what it declares, or by its letters."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    found = declaration.search(content[:4096])
    encodings = ["utf-8-sig", found[1].decode() if found else "utf-8"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode(eight_bit_encoding(content[:_SAMPLE]), "replace")
