"""What one worker has reserved of its limits: for what it holds, and a little ahead.

While a limit is far, several turns' worth are reserved by one statement. Near the limit, and where
a provider's quota is counted, every turn reserves what it needs: no worker keeps from another what
the last of the period could be sent with. What is spare is given back when the worker leaves or
reserves anew; a crash, a fence or a commit of unknown end leaves it reserved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from apps.delivery.engine.limits.rate_limiter import Grant, Limiter, give_back

#: So many times what a turn wants is reserved at once, to be claimed by within ``_FRESH``,
_TURNS: Final = 8
_FRESH: Final = timedelta(seconds=1)
#: when the fullest window has room for so many times as much.
_MAX_PREFETCH: Final = 50


class Reservations:
    """A worker's reservations. A crash leaves them reserved: what was sent is unknown."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._held: dict[int, tuple[int, ...]] = {}
        self._spare = 0
        self._windows: tuple[int, ...] = ()
        self._until: datetime | None = None
        self._left = 0  # what the fullest window would have granted after the last reservation
        self._in_doubt = False  # the spare was changed by a transaction of unknown end

    def reserve(self, wanted: int, now: datetime) -> Grant:
        """Up to ``wanted`` messages, in the open transaction; ``committed`` must follow it."""
        if self._in_doubt:
            self._spare = 0
        self._in_doubt = True
        if self._until is not None and self._spare >= wanted > 0 and now < self._until:
            self._spare -= wanted
            return Grant(wanted, self._windows)
        self._put_back()
        prefetch = wanted * (_TURNS - 1) if self._left > wanted * _TURNS * _MAX_PREFETCH else 0
        grant = self._limiter.reserve(wanted, now, prefetch=prefetch)
        self._left = grant.left
        self._spare, self._windows = max(0, grant.count - wanted), grant.windows
        self._until = min(grant.until or now, now + _FRESH)
        return Grant(min(grant.count, wanted), grant.windows, grant.wait)

    def claimed(self, grant: Grant, claimed: Iterable[int]) -> None:
        """Turn so many of the grant into claims; release the rest in the same transaction."""
        if not grant.windows:
            return
        taken = dict.fromkeys(claimed, grant.windows)
        self._held.update(taken)
        give_back(grant.windows, grant.count - len(taken))

    def settled(self, delivery_ids: Iterable[int], unsent: Iterable[int]) -> None:
        """These are recorded; of the ``unsent`` no byte left, and their place is free again."""
        if not self._held:
            return
        free = Counter(self._held[one] for one in unsent if one in self._held)
        for windows, count in free.items():
            give_back(windows, count)
        for delivery_id in delivery_ids:
            self._held.pop(delivery_id, None)

    def committed(self) -> None:
        """The transaction in which something was reserved has come to a good end."""
        self._in_doubt = False

    def release(self) -> None:
        """Release what is unused, in the open transaction: nothing more will be claimed."""
        if not self._in_doubt:
            self._put_back()

    def _put_back(self) -> None:
        give_back(self._windows, self._spare)
        self._spare = 0
