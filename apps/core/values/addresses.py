"""Email addresses, phones and chat ids in the one form in which they are stored and compared.

Every entry (pages, API, import, commands, blocks) brings what was typed into this form, or refuses
it: two spellings of one address must never be two recipients, nor a block that does not block.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import phonenumbers
from django.conf import settings
from email_validator import EmailNotValidError, validate_email

LONGEST_EMAIL: Final = 254
#: E.164: a country's code and the number are fifteen digits at most.
LONGEST_PHONE: Final = 15
_LONGEST_LOCAL_PART: Final = 64
LONGEST_LABEL: Final = 63

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]++"
_LABEL = r"[a-z0-9]++(?:-++[a-z0-9]++)*+"
#: An ordinary address. The last label is no number: ``a@127.0.0.1`` is a machine, not a mailbox.
ASCII_EMAIL: Final = rf"{_ATOM}(?:\.{_ATOM})*+@(?:{_LABEL}\.)++(?!\d++(?:\n|\Z)){_LABEL}"
_PLAIN = re.compile(ASCII_EMAIL, re.ASCII)
_SCRIPTS: Final = ("LATIN", "CYRILLIC", "GREEK")

_PHONE_SIGNS = re.compile(r"[\s()./\-\u2010-\u2015\u2212]+")
_DIGITS = re.compile(r"\+?[0-9]{6,20}", re.ASCII)
_STORED = re.compile(r"7[0-9]{10}", re.ASCII)
_MOBILE = re.compile(r"\+79[0-9]{9}", re.ASCII)
_NATIONAL_MOBILE = re.compile(r"8?(9[0-9]{9})", re.ASCII)
#: So many digits without a plus may be a number of another country, its code in front.
_WITH_CODE: Final = 11
_TELEGRAM = re.compile(r"-?[1-9][0-9]{0,18}", re.ASCII)
_PERSON = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)


def email(value: str) -> str | None:
    """The address as it is stored, or None when it is none.

    Lower case throughout; an international domain in its readable form (``почта.рф``, also when
    ``xn--…`` was given), which is what a form takes from a keyboard. Who hands the address to
    a server that knows no SMTPUTF8 turns the domain into ``xn--…`` at that moment. An apostrophe in
    front is a spreadsheet's mark for text. A name that mixes Latin with Cyrillic or Greek letters
    is refused: it looks like an address that it is not.
    """
    lowered = value.strip().lstrip("'").lower()
    if not lowered.isascii() or "xn--" in lowered:
        return _international(lowered)
    if len(lowered) > LONGEST_EMAIL or _PLAIN.fullmatch(lowered) is None:
        return None
    local, _at, domain = lowered.rpartition("@")
    if len(local) > _LONGEST_LOCAL_PART or max(map(len, domain.split("."))) > LONGEST_LABEL:
        return None
    return lowered


def email_domain(value: str) -> str | None:
    """A domain in the form in which stored addresses have it, or None when it is none."""
    found = email(f"postmaster@{value.strip().removeprefix('@')}")
    return found.rpartition("@")[2] if found else None


def _international(lowered: str) -> str | None:
    if len(lowered) > LONGEST_EMAIL * 4:
        return None
    try:
        found = validate_email(lowered, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return None
    return found if len(found) <= LONGEST_EMAIL and not mixes_scripts(found) else None


def mixes_scripts(address: str) -> bool:
    """True when one part of the address has letters of two alphabets that look alike."""
    return any(len(_scripts(part)) > 1 for part in re.split(r"[@.]", address))


def _scripts(part: str) -> set[str]:
    names = (unicodedata.name(sign, "").partition(" ")[0] for sign in part if sign.isalpha())
    return {name for name in names if name in _SCRIPTS}


def phone(value: str) -> str | None:
    """The number in the digits of E.164 (``79161234567``, ``442079460000``), or None.

    With ``+`` or ``00`` in front the country's code is there, and the number must be one of that
    country. Without it a number is read as one of ``PHONE_REGION``, when it can be one; a longer
    one as one with its code. 7XXXXXXXXXX, the form of Russian numbers in which they are stored, is
    taken as it is. Spreadsheets hand numbers over as ``79161234567.0``.
    """
    text = value.strip().lstrip("'").removesuffix(".0").removeprefix("tel:")
    if _STORED.fullmatch(text):
        return text
    digits = _PHONE_SIGNS.sub("", text)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if _MOBILE.fullmatch(digits):
        return digits[1:]
    region: str = settings.PHONE_REGION
    if region == "RU" and (mobile := _NATIONAL_MOBILE.fullmatch(digits)):
        return f"7{mobile[1]}"
    return _parsed(digits, region) if _DIGITS.fullmatch(digits) else None


@lru_cache(maxsize=65_536)
def _parsed(digits: str, region: str) -> str | None:
    found = _valid(digits, region)
    if found is None and digits[0] != "+" and len(digits) >= _WITH_CODE:
        found = _valid(f"+{digits}", None)
    return found


def _valid(digits: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]


def written_phone(stored: str) -> str:
    """The stored number as ``phone`` reads it back: with a plus, unless it is 7XXXXXXXXXX.

    Without its plus, a number of another country may look like one of one's own.
    """
    return stored if not stored or _STORED.fullmatch(stored) else f"+{stored}"


def settled_phone(value: str) -> str | None:
    """``phone``, but digits that are a stored number already stay as they are.

    For what comes from where numbers are kept: read a second time as somebody's typing, a number of
    another country might become one of one's own.
    """
    text = value.strip()
    if _DIGITS.fullmatch(text) and text[0] != "+" and _parsed(f"+{text}", "") == text:
        return text
    return phone(value)


def operator_of(stored: str) -> str:
    """The operator's code of a stored number: the three digits after a 7; empty elsewhere."""
    return stored[1:4] if stored.startswith("7") else ""


def phone_beginnings(text: str) -> list[str]:
    """How stored numbers may begin that somebody looks for by ``text``, typed in any form."""
    digits = re.sub(r"[^0-9]", "", text)
    if not digits:
        return []
    found = {digits, digits.removeprefix("00"), phone(text) or digits}
    if settings.PHONE_REGION == "RU" and "+" not in text and digits[0] == "8":
        found.add(f"7{digits[1:]}")
    return sorted(found - {""})


def telegram_id(value: str) -> str | None:
    """A chat id (groups have negative ones) that fits 64 bits, or None."""
    digits = value.strip().lstrip("'").removesuffix(".0")
    if _TELEGRAM.fullmatch(digits) is None or not -(2**63) <= int(digits) < 2**63:
        return None
    return digits


def person_id(value: str) -> str | None:
    """A person's number at a messenger (MAX, VK): a positive one that fits 64 bits, or None."""
    digits = value.strip().lstrip("'").removesuffix(".0")
    return digits if _PERSON.fullmatch(digits) and int(digits) < 2**63 else None


#: How an address of each channel is brought into its form, or stays in it.
NORMAL: Final[Mapping[str, Callable[[str], str | None]]] = MappingProxyType(
    {
        "email": email,
        "phone": settled_phone,
        "telegram": telegram_id,
        "max": person_id,
        "vk": person_id,
    }
)
