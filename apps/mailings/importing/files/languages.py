"""Which eight-bit encoding a text is in, judged by the letters of the languages it may be in."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Final

CYRILLIC: Final = ("cp1251", "koi8-r", "cp866", "mac_cyrillic", "iso-8859-5")
#: The first that fits as well as any other wins.
WESTERN: Final = ("cp1252", "cp1250", "iso-8859-2", "cp1254", "mac_roman", "cp850")

#: Letters per thousand of running Russian text.
_FREQUENCY: Final = dict(
    zip(
        "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
        (110, 85, 80, 74, 67, 63, 55, 47, 45, 44, 35, 32, 30, 28, 26, 20, 19, 17)
        + (17, 17, 16, 14, 12, 10, 9, 7, 6, 5, 4, 3, 3, 0.4, 0.4),
        strict=True,
    )
)
_LETTER: Final = {letter: math.log(share / 1000) for letter, share in _FREQUENCY.items()}
_OTHER_SIGN: Final = math.log(0.0002)
_ODD_CAPITAL: Final = math.log(0.01)
_TYPOGRAPHY: Final = frozenset("«»—–№…“”„’·\xa0°")
#: Signs that never stand right before a letter: there they are capitals of another code page.
_NEVER_BEFORE_A_LETTER: Final = frozenset("”™…‰†‡•’›€—–»")

#: Bytes that are quotation marks, dashes, blanks in all code pages of Windows.
_SIGNS: Final = rb"\x82\x84\x85\x91-\x97\xa0\xab\xbb"
_HIGH: Final = rb"[^\x00-\x7f" + _SIGNS + rb"]"
_MIXED_WORD: Final = re.compile(rb"[A-Za-z]" + _HIGH + rb"|" + _HIGH + rb"[A-Za-z]")
_FOREIGN_WORD: Final = re.compile(rb"(?<![A-Za-z\x80-\xff])[\x80-\xff]{2,}(?![A-Za-z\x80-\xff])")

#: The letters of languages that go together in one encoding.
_WEST: Final = ("äöüß", "éèêëàâçîïôùûœ", "ñáéíóúü", "ãõáâàçéêíóôú", "àèéìòù", "åäöæøé")
_MIDDLE: Final = ("ąćęłńóśźż", "áčďéěíňóřšťúůýžľĺŕôä", "áéíóöőúüű", "ăâîşţ", "čćđšž")
_LETTERS: Final = {
    "cp1252": _WEST,
    "cp1250": _MIDDLE,
    "iso-8859-2": _MIDDLE,
    "cp1254": ("çğıiöşüâî",),
    "mac_roman": _WEST,
    "cp850": _WEST,
}
#: Letters of Icelandic: taken for Turkish ones unless other letters speak against it.
_REST: Final = {"cp1252": "ðþý"}
#: A list of customers of many countries is a little less likely than one of a single one.
_SOME_COUNTRIES: Final = 0.9
_APOSTROPHES: Final = "’´"


def eight_bit_encoding(sample: bytes) -> str:
    """The most likely encoding of a text that is not UTF-8.

    Western languages have few letters outside ASCII, in the midst of ASCII ones («José»); Russian
    words have no others. So the words say which of the two it is, and the letters say the rest.
    """
    if len(_MIXED_WORD.findall(sample)) > len(_FOREIGN_WORD.findall(sample)):
        return max(WESTERN, key=lambda name: _western_likelihood(sample, name))
    return max(CYRILLIC, key=lambda name: likelihood(sample, name))


def likelihood(sample: bytes, encoding: str) -> float:
    """How much the sample looks like Russian when it is read in this encoding."""
    score = 0.0
    before = " "
    for char in sample.decode(encoding, "replace"):
        if not char.isascii():
            score += _LETTER.get(char.lower(), _OTHER_SIGN if char not in _TYPOGRAPHY else -5.0)
            # «пРИВЕТ»: the mark of KOI8-R read as Windows-1251, and the other way round.
            if char.isupper() and before.islower():
                score += _ODD_CAPITAL
            if char.isalpha() and before in _NEVER_BEFORE_A_LETTER:
                score += _OTHER_SIGN
        before = char
    return score


def _western_likelihood(sample: bytes, encoding: str) -> float:
    """How much the sample looks like a language of this encoding: its own letters, in place."""
    text = sample.decode(encoding, "replace")
    letters = Counter(char for char in text.lower() if not char.isascii() and char.isalpha())
    languages = _LETTERS[encoding]
    one = max(_hits(letters, language) for language in languages)
    several = _SOME_COUNTRIES * _hits(letters, "".join(languages) + _REST.get(encoding, ""))
    return max(one, several) - 3.0 * sum(map(_is_out_of_place, text, text[1:]))


def _hits(letters: Counter[str], language: str) -> int:
    return sum(count if letter in language else -count for letter, count in letters.items())


def _is_out_of_place(before: str, char: str) -> bool:
    """True in a word: a sign outside ASCII that is no letter, a capital after a small letter."""
    if char.isascii() or not before.isalpha():
        return False
    return (not char.isalpha() and char not in _APOSTROPHES) or (
        char.isupper() and before.islower()
    )
