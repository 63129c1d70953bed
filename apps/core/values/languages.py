"""Languages in the one form in which they are stored: ``ru``, ``en``, ``pt-br``."""

from __future__ import annotations

import re
from typing import Final

_CODE: Final = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,6})?")
_NAMES: Final = {
    **dict.fromkeys("russian русский рус rus russe russisch".split(), "ru"),
    **dict.fromkeys("english английский англ eng anglais englisch".split(), "en"),
    **dict.fromkeys("german deutsch немецкий".split(), "de"),
    **dict.fromkeys("french français francais французский".split(), "fr"),
    **dict.fromkeys("spanish español espanol испанский".split(), "es"),
    **dict.fromkeys("ukrainian українська украинский".split(), "uk"),
    **dict.fromkeys("kazakh казахский".split(), "kk"),
}


def language(value: str) -> str | None:
    """The code of a language that is written as a code or by its name; empty for nothing.

    None when it is none.
    """
    text = value.strip().lstrip("'").lower().replace("_", "-")
    if text in ("", "-", "–", "—"):
        return ""
    found = _NAMES.get(text, text)
    return found if _CODE.fullmatch(found) else None
