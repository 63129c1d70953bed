"""Names as they stand in addresses: small letters, digits and hyphens."""

from __future__ import annotations

from typing import Final

from django.utils.text import slugify

from apps.core.text.transliteration import CYRILLIC

_TABLE: Final = str.maketrans(CYRILLIC)


def slug_of(text: str, longest: int) -> str:
    """The text in Latin letters; empty where nothing of it is left."""
    return slugify(text.lower().translate(_TABLE))[:longest].strip("-_")
