"""What code costs, without seconds: in rounds of a fixed computation that is done beside it.

A slow machine is as slow at both. Only the processor's time of this thread counts, without the tool
that counts covered lines. Limits leave five times what was measured; what they are for, work that
grows by the square or without bound, costs far more.
"""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_TEXT: Final = "Слово word <b>12345</b>, anna@example.org; " * 120
_TRIES: Final = 3


def effort(call: Callable[[], object], most: float = 0.0) -> float:
    """Measure a call in rounds; one is about a millisecond of a machine of 2024.

    The least of three, or the first that is within ``most``: other programs disturb a measurement.
    """
    least = float("inf")
    with _untraced():
        _seconds(_round)
        for _try in range(_TRIES):
            before, spent, after = map(_seconds, (_round, call, _round))
            least = min(least, spent / max(before, after))
            if least <= most:
                break
    return least


def _round() -> None:
    text = Counter(re.findall(r"\w+", _TEXT))
    sorted(text, key=len)
    "".join(sign.upper() for sign in _TEXT if sign.isalpha()).encode()


def _seconds(call: Callable[[], object]) -> float:
    began = time.thread_time()
    call()
    return time.thread_time() - began


@contextmanager
def _untraced() -> Iterator[None]:
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)
