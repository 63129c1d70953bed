"""Which texts are dates, and which day they name.

Digits with dots are day first, ``YYYY-MM-DD`` is what it says. What may mean two days (slashes), or
is only a number or a time of day, is no date: it is shown as it stands.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

_CLOCK: Final = (
    r"(?:(?:\s*,\s*|\s+|T)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})"
    r"(?:[.,]\d{1,9})?)?\s?(?:Z|UTC|[+-]\d{2}:?\d{2})?)?"
)
_END: Final = rf"(?:\s*(?:г\.?|года?))?{_CLOCK}"
_FORMS: Final = tuple(
    re.compile(form + _END, re.IGNORECASE)
    for form in (
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4}|\d{2})",
        r"(?P<year>\d{4})(?P<sign>[-./])(?P<month>\d{1,2})(?P=sign)(?P<day>\d{1,2})",
        r"(?P<day>\d{1,2})(?:st|nd|rd|th)?[ -](?P<name>[^\W\d_]{3,9})\.?,?[ -](?P<year>\d{4})",
        r"(?P<name>[a-z]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})",
    )
)
_MONTHS: Final = (
    ("january", "января", "январь"),
    ("february", "февраля", "февраль"),
    ("march", "марта", "март"),
    ("april", "апреля", "апрель"),
    ("may", "мая", "май"),
    ("june", "июня", "июнь"),
    ("july", "июля", "июль"),
    ("august", "августа", "август"),
    ("september", "сентября", "сентябрь"),
    ("october", "октября", "октябрь"),
    ("november", "ноября", "ноябрь"),
    ("december", "декабря", "декабрь"),
)
#: Two digits of a year: 69 to 99 are of the last century, as everywhere (POSIX).
_CENTURY: Final = 69


def date_of(text: str) -> datetime | None:
    """The date, and the time if there is one; None when the text names no single day."""
    line = " ".join(text.split())
    for form in _FORMS:
        found = form.fullmatch(line)
        if found is not None:
            return _day(found.groupdict())
    return None


def _day(found: dict[str, str | None]) -> datetime | None:
    month = _month(found["name"] or "") if "name" in found else int(found["month"] or 0)
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    year, day = _year(found["year"] or ""), int(found["day"] or 0)
    try:
        return datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None


def _year(digits: str) -> int:
    if len(digits) == 4:
        return int(digits)
    return int(digits) + (1900 if int(digits) >= _CENTURY else 2000)


def _month(name: str) -> int:
    """Its number by its name or the beginning of it; 0 for another word."""
    name = name.lower()
    for number, names in enumerate(_MONTHS, start=1):
        if any(full.startswith(name) for full in names):
            return number
    return 0
