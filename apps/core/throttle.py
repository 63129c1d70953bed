"""So many acts of one user in a short time: a slipped hand, or a script, must not flood anybody."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final

from django.core.cache import cache
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.core.errors import Refused

#: Starts of mailings by hand in a minute, and test messages in ten minutes.
STARTS: Final = (10, 60)
TESTS: Final = (30, 600)


class TooOften(Refused):
    """So many of these were done in a short time that it looks like a mistake."""

    code = "too_often"


def take_turn(kind: str, user_id: int, rate: tuple[int, int], *, count: int = 1) -> None:
    """Count acts of a user in the cache. Raises TooOften, which says when it can be done again."""
    most, seconds = rate
    period = int(time.time()) // seconds
    key = f"turns:{kind}:{user_id}:{period}"
    cache.add(key, 0, 2 * seconds)
    if int(cache.incr(key, count)) > most:
        again = timezone.localtime(datetime.fromtimestamp((period + 1) * seconds, UTC))
        words = _("That was too often in a short time. It can be done again at %(time)s.")
        raise TooOften(words % {"time": date_format(again, "H:i:s")})
