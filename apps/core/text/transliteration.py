"""Cyrillic letters and typographic signs in letters that every telephone and address has."""

from __future__ import annotations

import re
from typing import Final

#: Small Cyrillic letters, Russian first, in Latin ones.
CYRILLIC: Final = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch  y  e yu ya".split(" "),
        strict=True,
    )
)
_NEIGHBOURS: Final = {"і": "i", "ї": "yi", "є": "ye", "ґ": "g", "ў": "u", "ј": "j", "ә": "a"}
_SIGNS: Final = {
    **dict.fromkeys("«»„“”″", '"'),
    **dict.fromkeys("‘’‚′`´", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("\u00a0\u2009\u202f\t", " "),
    **dict.fromkeys("\u200b\u00ad\ufeff", ""),
    **{"…": "...", "№": "N", "₽": "rub.", "•": "*", "×": "x", "°": ""},
}
_SMALL: Final = {**CYRILLIC, **_NEIGHBOURS}
#: A link says what it says in its own letters.
_LINK: Final = re.compile(r"https?://\S+", re.IGNORECASE)


def transliterated(text: str) -> str:
    """The text in Latin letters and plain signs; its links as they are."""
    parts, end = [], 0
    for link in _LINK.finditer(text):
        parts += [_latin(text[end : link.start()]), link[0]]
        end = link.end()
    return "".join([*parts, _latin(text[end:])])


def _latin(text: str) -> str:
    return "".join(_letter(text, place) for place in range(len(text)))


def _letter(text: str, place: int) -> str:
    """One letter; a capital becomes capitals among capitals, else one and small letters."""
    letter = text[place]
    small = letter.lower()
    if small not in _SMALL:
        return _SIGNS.get(letter, letter)
    latin = _SMALL[small]
    if small == letter or not latin:
        return latin
    beside = text[place + 1 : place + 2] or text[max(place - 1, 0) : place]
    return latin.upper() if beside.isupper() else latin.capitalize()
