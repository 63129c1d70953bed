"""Where the bars of the complaint shares stand, and the lines that receivers draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from apps.core.text.formatting import figure
from apps.delivery.selectors.reputation import DayFigures

#: What Gmail wants a sender to stay below, and what neither Gmail nor Yahoo takes any more.
WANTED: Final = 0.1
NEVER: Final = 0.3
#: The plot within a height of 160, as a small chart has it.
_TOP: Final = 18.0
_BASE: Final = 136.0
_LABELS: Final = 5
#: Room on the left for what the lines are called, in per cent of the chart.
_INSET: Final = 14.0


@dataclass(frozen=True, slots=True)
class ShareBar:
    """One day: its place in per cent and pixels, as an SVG wants it."""

    day: date
    share: float
    complaints: int
    messages: int
    x: str
    middle: str
    width: str
    y: str
    height: str
    tone: str
    labelled: bool
    minor: bool
    anchored: str


@dataclass(frozen=True, slots=True)
class ShareLine:
    """A threshold: its height in pixels, and whose it is."""

    percent: float
    y: str
    text_y: str
    stops: bool = False

    @property
    def label(self) -> str:
        """The percentage as it is written in this language."""
        return figure(f"{self.percent:g}")


class ShareChart:
    """The share of complaints by day; ``stop``: where this installation stops, 0: nowhere."""

    def __init__(self, days: Sequence[DayFigures], stop: float) -> None:
        self._days = days
        self._stop = stop
        shares = [one.complaint_share for one in days]
        line = max(NEVER, stop)
        # One very bad day must not press the lines together: its bar is cut, its figure is there.
        self._most = min(max([*shares, line * 1.25]), line * 3)

    @property
    def is_empty(self) -> bool:
        """True if there was no complaint."""
        return not any(one.complaints for one in self._days)

    @property
    def stops(self) -> bool:
        """True if one of the lines is this installation's own."""
        return bool(self._stop)

    @property
    def bars(self) -> list[ShareBar]:
        """The days from left to right."""
        slot = (100 - _INSET) / len(self._days)
        return [self._bar(at, one, slot) for at, one in enumerate(self._days)]

    @property
    def lines(self) -> list[ShareLine]:
        """The thresholds from below."""
        marks = [(WANTED, False), (NEVER, False)]
        if self._stop:
            marks = [mark for mark in marks if mark[0] != self._stop] + [(self._stop, True)]
        return [
            ShareLine(percent, f"{self._y(percent):.1f}", f"{self._y(percent) - 3:.1f}", stops)
            for percent, stops in sorted(marks)
        ]

    @property
    def rows(self) -> list[DayFigures]:
        """The days with emails, for the table beside the chart."""
        return [one for one in self._days if one.messages or one.complaints]

    def _y(self, share: float) -> float:
        return _BASE - min(share, self._most) * (_BASE - _TOP) / self._most

    def _bar(self, at: int, one: DayFigures, slot: float) -> ShareBar:
        share = one.complaint_share
        middle = _INSET + slot * (at + 0.5)
        last = at == len(self._days) - 1
        step = -(-len(self._days) // _LABELS)
        return ShareBar(
            one.day,
            share,
            one.complaints,
            one.messages,
            x=f"{middle - slot * 0.35:.2f}%",
            middle="100%" if last else f"{middle:.2f}%",
            width=f"{slot * 0.7:.2f}%",
            y=f"{self._y(share):.1f}",
            height=f"{_BASE - self._y(share):.1f}",
            tone="bad" if share > WANTED else "good",
            labelled=(len(self._days) - 1 - at) % step == 0,
            minor=(len(self._days) - 1 - at) % (step * 2) != 0,
            anchored="end" if last else "middle",
        )
