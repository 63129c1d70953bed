"""How limits, hours and days are written in ``.env``, and what they become."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from datetime import date, time
from zoneinfo import ZoneInfo

from apps.core.values.opening_hours import OpeningHours
from config.rules import site

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)")
#: The word for all who oversee the others: managers and superusers.
MANAGERS = "managers"
_ADDRESS = re.compile(r"[!-~]+@[!-~]+")


def hours_of(text: str) -> tuple[time, time]:
    """``09:00-18:00``; nothing is all day. Raises ValueError."""
    if not text:
        return time(0), time(0)
    found = _HOURS.fullmatch(text.strip())
    if found is None:
        raise ValueError("is not of the form HH:MM-HH:MM")
    first_hour, first_minute, last_hour, last_minute = map(int, found.groups())
    return time(first_hour, first_minute), time(last_hour % 24, last_minute)


def weekdays_of(text: str) -> frozenset[int]:
    """``mon-fri`` or ``mon,wed,fri``; nothing is every day. Raises ValueError."""
    days: set[int] = set()
    for part in filter(None, (part.strip().lower() for part in text.split(","))):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise ValueError("is not made of mon, tue, wed, thu, fri, sat, sun")
        start, end = _DAYS.index(first), _DAYS.index(last or first)
        days.update(day % 7 for day in range(start, end + 1 if end >= start else end + 8))
    return frozenset(days or range(7))


class DaysOff:
    """Single dates, and the public holidays of countries."""

    def __init__(self, dates: frozenset[date], countries: Sequence[str]) -> None:
        # Only an installation with holidays pays for loading the calendars of the world.
        import holidays

        known = holidays.list_supported_countries()
        if unknown := [code for code in countries if code not in known]:
            raise ValueError(f"{unknown[0]} is not a country code with known holidays")
        self._dates = dates
        self._calendars = [holidays.country_holidays(code) for code in countries]

    def __contains__(self, day: object) -> bool:
        return day in self._dates or any(day in calendar for calendar in self._calendars)


def days_off_of(text: str) -> Container[date]:
    """Country codes (``RU``) and dates (``2026-12-31``), with commas. Raises ValueError."""
    names = [part.strip() for part in text.split(",") if part.strip()]
    countries = [name.upper() for name in names if name.isalpha()]
    try:
        dates = frozenset(date.fromisoformat(name) for name in names if not name.isalpha())
    except ValueError:
        raise ValueError("is not made of country codes and dates like 2026-12-31") from None
    return DaysOff(dates, countries) if countries else dates


def opening_hours(zone: str, hours: str, weekdays: str, days_off: str) -> OpeningHours | None:
    """What the three words say together; None when they say nothing. Raises ValueError."""
    if not (hours or weekdays or days_off):
        return None
    opens, closes = hours_of(hours)
    return OpeningHours(
        ZoneInfo(zone), opens, closes, weekdays_of(weekdays), days_off_of(days_off) or ()
    )


def addresses_of(text: str) -> list[str]:
    """``anna@example.org, ops@example.org``: each once, in lower case. Raises ValueError."""
    found = dict.fromkeys(filter(None, (one.strip().lower() for one in text.split(","))))
    try:
        found = dict.fromkeys(map(site.ascii_address, found))
    except ValueError:
        found = {"": None}
    if not all(_ADDRESS.fullmatch(address) for address in found):
        raise ValueError("is not a list of email addresses, separated by commas")
    return list(found)


def users_of(text: str) -> frozenset[str]:
    """Email addresses of users, and ``managers``; nothing is everybody. Raises ValueError."""
    named = {one.strip().lower() for one in text.split(",")} - {""}
    if not all(one == MANAGERS or _ADDRESS.fullmatch(one) for one in named):
        raise ValueError("is not a list of users' email addresses and the word managers")
    return frozenset(named)
