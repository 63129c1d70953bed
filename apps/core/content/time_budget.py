"""How long one letter may take to be written, counted over all that is done for it.

Counted in the processor's time of this thread: a busy machine fails nobody.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import Final

MAX_SECONDS: Final = 0.3  # for one recipient: wide, so that a busy moment fails nobody
MAX_TRIAL_SECONDS: Final = 0.15  # when a message is tried out

spent_seconds = time.thread_time

_innermost: ContextVar[time_budget | None] = ContextVar("time_budget", default=None)


class OverLimit(Exception):
    """A rendering has used up its budget."""


class time_budget:
    """All that is done inside has so many seconds, and never more than what is around it has.

    The clock starts when a loop first looks at it: a letter without one pays for no clock, which
    costs a system call.
    """

    __slots__ = ("_around", "_deadline", "_seconds", "_token")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._deadline: float | None = None

    def __enter__(self) -> None:
        self._around = _innermost.get()
        self._token = _innermost.set(self)

    def __exit__(self, *_exc: object) -> None:
        _innermost.reset(self._token)

    def ends_at(self, now: float) -> float:
        """When the time is used up, by the clock of ``spent_seconds``."""
        if self._deadline is None:
            around = self._around.ends_at(now) if self._around is not None else float("inf")
            self._deadline = min(around, now + self._seconds)
        return self._deadline


def look_at_the_clock() -> None:
    """Raise OverLimit when the time is used up. For every loop over a user's document."""
    budget = _innermost.get()
    if budget is not None and (now := spent_seconds()) > budget.ends_at(now):
        raise OverLimit("too long")
