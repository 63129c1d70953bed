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

#: Manual starts of mailings in a minute, and test messages in ten minutes.
STARTS: Final = (10, 60)
TESTS: Final = (30, 600)


class TooOften(Refused):
    """So many of these were done in a short time that it looks like a mistake.

    ``wait``: seconds after which it can be done again.
    """

    code = "too_often"

    def __init__(self, text: str, *, wait: int) -> None:
        super().__init__(text)
        self.wait = wait


def take_turn(kind: str, user_id: int, rate: tuple[int, int], *, count: int = 1) -> None:
    """Count acts of a user in the cache. Raises TooOften, which says when it can be done again.

    The time in which they are counted begins with the first of them.
    """
    most, seconds = rate
    now = int(time.time())
    acts = f"turns:{kind}:{user_id}"
    end = int(cache.get_or_set(acts, now + seconds, seconds) or now + seconds)
    cache.add(f"{acts}:{end}", 0, 2 * seconds)
    if int(cache.incr(f"{acts}:{end}", count)) > most:
        again = timezone.localtime(datetime.fromtimestamp(end, UTC))
        text = _("That was too often in a short time. It can be done again at %(time)s.")
        raise TooOften(text % {"time": date_format(again, "H:i:s")}, wait=max(end - now, 1))


def give_back(kind: str, user_id: int) -> None:
    """The act that was counted last did nothing: it is not counted."""
    acts = f"turns:{kind}:{user_id}"
    end = cache.get(acts)
    if end is not None:
        cache.incr(f"{acts}:{end}", -1)
