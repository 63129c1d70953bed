"""How fast a worker sends, for the panel."""

from __future__ import annotations

import time
from collections.abc import Mapping
from math import inf
from typing import Final

_SHORT: Final = {"second": 1, "minute": 60}


class Throughput:
    """Messages per second over the last seconds."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._count = 0
        self.rate: float | None = None

    def count(self, tried: int) -> None:
        """Count the outcomes of so many more hand-overs."""
        self._count += tried
        elapsed = time.monotonic() - self._since
        if elapsed >= 1.0:
            fresh = self._count / elapsed
            self.rate = round(fresh if self.rate is None else (self.rate + fresh) / 2, 1)
            self._since, self._count = time.monotonic(), 0


def max_rate(limits: Mapping[str, int]) -> float:
    """Messages per second that the short limits allow."""
    caps = [limits[name] / seconds for name, seconds in _SHORT.items() if name in limits]
    return min(caps, default=inf)
