"""Whole columns of addresses at one stroke; a single one in apps.core.values.addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from apps.core.values.addresses import ASCII_EMAIL, LONGEST_LABEL, NORMAL, email, phone

__all__ = ["NORMAL", "email", "first_of", "phone", "plain_emails", "plain_phones"]

#: A whole column at once, one address (or nothing) to a line: ten times as fast as one by one.
_PLAIN_COLUMN = re.compile(rf"(?:(?:{ASCII_EMAIL})?+\n)*+", re.ASCII)
_PHONE_COLUMN = re.compile(r"(?:(?:7[0-9]{10})?+\n)*+")
#: What stands between two addresses in one cell, or before an extension.
_BETWEEN = re.compile(
    r"\s*(?::::|[,;|\n\r]|(?:доб|вн|ext|extension|poste|durchwahl)\b\.?|#|x(?=\s*[0-9]+\s*\Z))\s*",
    re.IGNORECASE,
)


def first_of(value: str, normalise: Callable[[str], str | None]) -> str | None:
    """The first address of several in one cell, without an extension; None when there is none."""
    parts = _BETWEEN.split(value[:1_000])
    return next((found for part in parts[:20] if part and (found := normalise(part))), None)


def plain_emails(lowered: Sequence[str]) -> bool:
    """True when all of these are ordinary ASCII addresses (or empty) that need no second look."""
    text = "\n".join(lowered) + "\n"
    return (
        max(map(len, lowered), default=0) <= LONGEST_LABEL
        and "xn--" not in text
        and "\n'" not in text
        and not text.startswith("'")
        and _PLAIN_COLUMN.fullmatch(text) is not None
    )


def plain_phones(values: Sequence[str]) -> bool:
    """True when all of these are 7XXXXXXXXXX already, or empty."""
    text = "\n".join(values) + "\n"
    # One value may itself have two lines, each of which looks like a phone.
    return text.count("\n") == len(values) and _PHONE_COLUMN.fullmatch(text) is not None
