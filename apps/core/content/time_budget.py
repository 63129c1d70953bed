"""How long one letter may take to be written, counted over all that is done for it.

Counted in the processor's time of this thread: a busy machine fails nobody.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

MAX_SECONDS: Final = 0.3  # for one recipient: wide, so that a busy moment fails nobody
MAX_TRIAL_SECONDS: Final = 0.15  # when a message is tried out

spent_seconds = time.thread_time

_deadline: ContextVar[float] = ContextVar("deadline", default=float("inf"))


class OverLimit(Exception):
    """A rendering has used up its budget."""


@contextmanager
def time_budget(seconds: float) -> Iterator[None]:
    """All that is done inside has so many seconds, and never more than what is around it has."""
    token = _deadline.set(min(_deadline.get(), spent_seconds() + seconds))
    try:
        yield
    finally:
        _deadline.reset(token)


def look_at_the_clock() -> None:
    """Raise OverLimit when the time is used up. For every loop over a user's document."""
    if spent_seconds() > _deadline.get():
        raise OverLimit("too long")
