"""What every hook must prove before a word of it is believed."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import Final

#: Seconds by which a signature may be older, or newer, than the present moment.
MAX_AGE: Final = 300


class HookRefused(Exception):
    """Not believed (403), without sense (400), or nobody can say now (503). Nothing was changed."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def same(given: str, expected: str) -> bool:
    """Compare in constant time, wherever they differ; nothing equals an empty one."""
    return bool(expected) and hmac.compare_digest(
        given.encode("utf-8", "replace"), expected.encode()
    )


def check_age(timestamp: str, now: datetime, *, most: int = MAX_AGE) -> None:
    """Seconds since 1970 that are within ``most`` seconds of now. Raises HookRefused."""
    try:
        at = datetime.fromtimestamp(float(timestamp), UTC)
    except (ValueError, OverflowError, OSError):
        raise HookRefused(403, "no time") from None
    if abs((now - at).total_seconds()) > most:
        raise HookRefused(403, "too old")
