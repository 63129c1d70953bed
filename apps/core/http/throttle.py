"""So many acts of one user in a short time: a slipped hand, or a script, must not flood anybody."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.core.errors import Refused

#: Seconds in which acts are counted, from the first of them.
PERIOD: Final = 3600


class TooOften(Refused):
    """So many of these were done in a short time that it looks like a mistake.

    ``wait``: seconds after which it can be done again.
    """

    code = "too_often"

    def __init__(self, text: str, *, wait: int) -> None:
        super().__init__(text)
        self.wait = wait


def count_start(user_id: int) -> None:
    """Count a start of a mailing against ``LIMIT_STARTS_PER_HOUR``. Raises TooOften."""
    _count("starts", user_id, settings.LIMIT_STARTS_PER_HOUR)


def count_test(user_id: int) -> None:
    """Count a test message against ``LIMIT_TESTS_PER_HOUR``. Raises TooOften."""
    _count("tests", user_id, settings.LIMIT_TESTS_PER_HOUR)


def uncount_start(user_id: int) -> None:
    """Take back the start that was counted last: it did nothing."""
    acts = f"turns:starts:{user_id}"
    end = cache.get(acts)
    if end is not None:
        cache.incr(f"{acts}:{end}", -1)


def _count(kind: str, user_id: int, most: int) -> None:
    if not most:
        return
    now = int(time.time())
    acts = f"turns:{kind}:{user_id}"
    end = int(cache.get_or_set(acts, now + PERIOD, PERIOD) or now + PERIOD)
    cache.add(f"{acts}:{end}", 0, 2 * PERIOD)
    if int(cache.incr(f"{acts}:{end}")) > most:
        again = timezone.localtime(datetime.fromtimestamp(end, UTC))
        text = _("That was too often in a short time. It can be done again at %(time)s.")
        raise TooOften(text % {"time": date_format(again, "H:i:s")}, wait=max(end - now, 1))
