"""Names as they stand in addresses: small letters, digits and hyphens."""

from __future__ import annotations

from typing import Final

from django.utils.text import slugify

_CYRILLIC: Final = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch  y  e yu ya".split(" "),
        strict=True,
    )
)
_TABLE: Final = str.maketrans(_CYRILLIC)


def slug_of(text: str, longest: int) -> str:
    """The text in Latin letters; empty where nothing of it is left."""
    return slugify(text.lower().translate(_TABLE))[:longest].strip("-_")
