"""Moments as other systems write them; what has no zone is UTC, as their exports have it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_FORMS: Final = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%m/%d/%Y %I:%M %p",
    "%d %b %Y %H:%M",
)
_FIRST: Final = re.compile(r"\s*[,;|]\s*")
_EARLIEST: Final = datetime(1970, 1, 2, tzinfo=UTC)
#: What stands for no date.
_NONE: Final = frozenset(("", "-", "0", "0000-00-00", "0000-00-00 00:00:00", "null", "none"))


def is_empty(value: str) -> bool:
    """True for what other systems write instead of no date."""
    return value.strip().lower() in _NONE


@lru_cache(maxsize=65_536)
def moment_of(value: str) -> datetime | None:
    """The moment, of several in one cell the first; None for what is none, or lies ahead."""
    text = _FIRST.split(value.strip())[0].lstrip("'")
    found = _iso(text) or _by_forms(text)
    if found is None:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    ahead = datetime.now(UTC) + timedelta(days=1)
    return found.astimezone(UTC) if _EARLIEST <= found <= ahead else None


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _by_forms(text: str) -> datetime | None:
    for form in _FORMS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None
