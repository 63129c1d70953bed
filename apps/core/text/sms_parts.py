"""Text messages as networks count them: GSM 03.38 in 7 bits, or UCS-2, in one part or several.

Of a message in several parts each carries a header (3GPP TS 23.040, 9.2.3.24.1), so that less text
fits into it. No character is divided between two parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from apps.core.text.transliteration import transliterated

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: These take an escape and a character: two septets.
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")
#: As long as so few characters make a text Unicode, they are named.
_NAMED: Final = 5


class Alphabet(StrEnum):
    """How a message is written: 7 bits a character, or 16."""

    GSM = "gsm"
    UCS2 = "ucs2"


#: Units of a message that stands alone, and of a part among several.
SIZES: Final = {Alphabet.GSM: (160, 153), Alphabet.UCS2: (70, 67)}


@dataclass(frozen=True, slots=True)
class Parts:
    """How a text is divided. ``units`` are septets or 16-bit units, ``left`` those that the last
    part still takes; ``foreign`` are the characters that make it Unicode, if they are few."""

    alphabet: Alphabet
    units: int
    count: int
    left: int
    foreign: str = ""


def sms_text(text: str, *, transliterate: bool = False) -> str:
    """The text as it is sent: one character for each end of a line, in Latin letters if wanted."""
    plain = text.replace("\r\n", "\n").strip()
    return transliterated(plain) if transliterate else plain


def alphabet_of(text: str) -> Alphabet:
    """GSM as long as every character is in its tables."""
    return Alphabet.UCS2 if _foreign(text) else Alphabet.GSM


def parts_of(text: str) -> Parts:
    """Divide the text as ``sms_text`` returns it."""
    found = _foreign(text)
    alphabet = Alphabet.UCS2 if found else Alphabet.GSM
    foreign = "".join(found) if len(found) <= _NAMED else ""
    sizes = [_size(char, alphabet) for char in text]
    units, (alone, among) = sum(sizes), SIZES[alphabet]
    if units <= alone:
        return Parts(alphabet, units, 1 if units else 0, alone - units, foreign)
    count, used = 1, 0
    for size in sizes:
        if used + size > among:
            count, used = count + 1, 0
        used += size
    return Parts(alphabet, units, count, among - used, foreign)


def _foreign(text: str) -> list[str]:
    """The characters that are in neither table, each once."""
    found = (char for char in text if char not in _BASIC and char not in _EXTENDED)
    return list(dict.fromkeys(found))


def _size(char: str, alphabet: Alphabet) -> int:
    if alphabet is Alphabet.UCS2:
        return 2 if ord(char) > 0xFFFF else 1
    return 2 if char in _EXTENDED else 1
