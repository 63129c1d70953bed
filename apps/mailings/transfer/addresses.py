"""E-mail addresses, phones and Telegram ids in the one form in which they are stored."""

from __future__ import annotations

import re
from collections.abc import Sequence

from email_validator import EmailNotValidError, validate_email

LONGEST_EMAIL = 254
_LONGEST_LOCAL_PART = 64
_LONGEST_LABEL = 63

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]++"
_LABEL = r"[a-z0-9]++(?:-++[a-z0-9]++)*+"
_ADDRESS = rf"{_ATOM}(?:\.{_ATOM})*+@(?:{_LABEL}\.)++(?!\d++(?:\n|\Z)){_LABEL}"
#: A whole column at once, one address (or nothing) to a line: ten times as fast as one by one.
_PLAIN_COLUMN = re.compile(rf"(?:(?:{_ADDRESS})?+\n)*+", re.ASCII)
_PLAIN = re.compile(_ADDRESS, re.ASCII)

_PHONE_COLUMN = re.compile(r"(?:(?:7[0-9]{10})?+\n)*+")
_PHONE_SIGNS = re.compile(r"[\s()+.\u2010-\u2015-]")
_PHONE_DIGITS = re.compile(r"(?:[78]?([0-9]{10}))")
_TELEGRAM = re.compile(r"-?[1-9][0-9]{0,18}")


def plain_emails(lowered: Sequence[str]) -> bool:
    """True when all of these are ordinary ASCII addresses (or empty) that need no second look."""
    text = "\n".join(lowered) + "\n"
    return (
        max(map(len, lowered), default=0) <= _LONGEST_LABEL
        and "xn--" not in text
        and _PLAIN_COLUMN.fullmatch(text) is not None
    )


def email(value: str) -> str | None:
    """The address as it is stored, or None when it is none.

    Lower case throughout; an international domain in its readable form (``почта.рф``, also when
    ``xn--…`` was given), which is what a form takes from a keyboard. Whoever hands the address to
    a server that knows no SMTPUTF8 turns the domain into ``xn--…`` at that moment.
    """
    lowered = value.strip().lower()
    if not lowered.isascii() or "xn--" in lowered:
        return _unusual(lowered)
    if len(lowered) > LONGEST_EMAIL or _PLAIN.fullmatch(lowered) is None:
        return None
    local, _at, domain = lowered.rpartition("@")
    if len(local) > _LONGEST_LOCAL_PART or max(map(len, domain.split("."))) > _LONGEST_LABEL:
        return None
    return lowered


def _unusual(lowered: str) -> str | None:
    try:
        found = validate_email(lowered, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return None
    return found if len(found) <= LONGEST_EMAIL else None


def plain_phones(values: Sequence[str]) -> bool:
    """True when all of these are 7XXXXXXXXXX already, or empty."""
    text = "\n".join(values) + "\n"
    # One value may itself have two lines, each of which looks like a phone.
    return text.count("\n") == len(values) and _PHONE_COLUMN.fullmatch(text) is not None


def phone(value: str) -> str | None:
    """``+7 (916) 123-45-67``, ``8916…`` and ``916…`` as ``7916…``; None when it is no such number.

    Spreadsheets hand numbers over as ``79161234567.0``.
    """
    digits = _PHONE_SIGNS.sub("", value.strip().lstrip("'").removesuffix(".0"))
    found = _PHONE_DIGITS.fullmatch(digits)
    return f"7{found[1]}" if found else None


def telegram_id(value: str) -> str | None:
    """A chat id (groups have negative ones) that fits 64 bits, or None."""
    digits = value.strip().removesuffix(".0")
    if _TELEGRAM.fullmatch(digits) is None or not -(2**63) <= int(digits) < 2**63:
        return None
    return digits
