"""Text messages as networks count them: GSM 03.38 in 7 bits, or UCS-2, in one part or several.

Of a message in several parts each carries a header (3GPP TS 23.040, 9.2.3.24.1), so that less text
fits into it. No character is divided between two parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from apps.core.text.transliteration import transliterated

_ESCAPE: Final = "\x1b"
#: The characters in the order of their codes (3GPP TS 23.038, 6.2.1).
_TABLE: Final = (
    f"@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ{_ESCAPE}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_BASIC: Final = {char: code for code, char in enumerate(_TABLE) if char != _ESCAPE}
#: These take an escape and a code: two septets (6.2.1.1).
_EXTENDED: Final = {
    **{"\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F},
    **{"[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65},
}
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
    found, pieces = _foreign(text), pieces_of(text)
    alphabet = Alphabet.UCS2 if found else Alphabet.GSM
    foreign = "".join(found) if len(found) <= _NAMED else ""
    alone, among = SIZES[alphabet]
    last = _units(pieces[-1], alphabet) if pieces else 0
    left = (among if len(pieces) > 1 else alone) - last
    return Parts(alphabet, _units(text, alphabet), len(pieces), left, foreign)


def pieces_of(text: str) -> list[str]:
    """The text of each part; none of an empty text."""
    alphabet = alphabet_of(text)
    alone, among = SIZES[alphabet]
    if _units(text, alphabet) <= alone:
        return [text] if text else []
    starts, used = [0], 0
    for place, char in enumerate(text):
        size = _size(char, alphabet)
        if used + size > among:
            starts.append(place)
            used = 0
        used += size
    return [text[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]


def octets_of(text: str, alphabet: Alphabet) -> bytes:
    """The text in this alphabet: a septet in each octet, or UCS-2 with the high octet first."""
    if alphabet is Alphabet.UCS2:
        return text.encode("utf-16-be")
    found = bytearray()
    for char in text:
        if char in _EXTENDED:
            found += bytes((ord(_ESCAPE), _EXTENDED[char]))
        else:
            found.append(_BASIC[char])
    return bytes(found)


def _foreign(text: str) -> list[str]:
    """The characters that are in neither table, each once."""
    found = (char for char in text if char not in _BASIC and char not in _EXTENDED)
    return list(dict.fromkeys(found))


def _size(char: str, alphabet: Alphabet) -> int:
    if alphabet is Alphabet.UCS2:
        return 2 if ord(char) > 0xFFFF else 1
    return 2 if char in _EXTENDED else 1


def _units(text: str, alphabet: Alphabet) -> int:
    return sum(_size(char, alphabet) for char in text)
