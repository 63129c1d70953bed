"""How long to wait before the next try, the longer the more often it failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

#: Beyond so many doublings every wait is the longest; no float is asked for more.
_MOST_STEPS = 20


@dataclass(frozen=True, slots=True)
class Backoff:
    """``first`` seconds, then ``factor`` times as long each time, never more than ``longest``.

    ``spread`` are the shares of a wait between which chance decides, so that those who failed
    together do not come back together.
    """

    first: float
    longest: float
    factor: float = 2.0
    spread: tuple[float, float] = (1.0, 1.0)

    def after(self, failures: int, *, chance: float = 0.0) -> timedelta:
        """The wait after so many failures in a row. ``chance``, from 0 to 1, is thrown outside."""
        steps = min(max(failures - 1, 0), _MOST_STEPS)
        seconds = min(self.first * self.factor**steps, self.longest)
        least, most = self.spread
        seconds *= least + (most - least) * chance
        return timedelta(seconds=min(seconds, self.longest))
