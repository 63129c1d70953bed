"""Where the bars of a small chart stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: The plot within a height of 160: room for the greatest figure above, for the labels below.
_TOP: Final = 18.0
_BASE: Final = 136.0
_LABELS: Final = 5
#: A longer label leaves room for half as many.
_SHORT: Final = 12
#: No bar is wider than this, in per cent of the chart.
_WIDEST: Final = 8.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its place in per cent and pixels, as an SVG wants it."""

    label: str
    good: float
    bad: float
    x: str
    anchor: str
    anchored: str
    width: str
    good_y: str
    good_height: str
    bad_y: str
    bad_height: str
    labelled: bool
    minor: bool


class SmallChart:
    """Rows of a label and two figures, without the empty ones that they begin with."""

    def __init__(self, rows: Sequence[tuple[str, float, float]]) -> None:
        first = next((at for at, row in enumerate(rows) if row[1] or row[2]), len(rows))
        # A week at least: three days of work among four of rest are read as such.
        begin = min(first, max(len(rows) - 7, 0))
        self.rows = list(rows[begin:]) if first < len(rows) else []
        self.filled = [row for row in self.rows if row[1] or row[2]]
        self.most = max((good + bad for _label, good, bad in self.rows), default=0)

    @property
    def only(self) -> tuple[str, float, float] | None:
        """The one row that has figures, when the others have none."""
        return self.filled[0] if len(self.filled) == 1 else None

    @property
    def has_bad(self) -> bool:
        """Is there any figure of the second kind?"""
        return any(bad for _label, _good, bad in self.rows)

    @property
    def bars(self) -> list[Bar]:
        """The bars from left to right."""
        count = len(self.rows)
        slot = 100 / count if count else 100
        longest = max((len(label) for label, _good, _bad in self.rows), default=0)
        labels = _LABELS if longest <= _SHORT else _LABELS // 2
        step = -(-count // labels) if count else 1
        return [self._bar(at, slot, step) for at in range(count)]

    def _bar(self, at: int, slot: float, step: int) -> Bar:
        label, good, bad = self.rows[at]
        scale = (_BASE - _TOP) / self.most
        width = min(slot * 0.7, _WIDEST)
        middle = slot * (at + 0.5)
        last = at == len(self.rows) - 1
        good_height, bad_height = good * scale, bad * scale
        return Bar(
            label,
            good,
            bad,
            x=f"{middle - width / 2:.2f}%",
            anchor="100%" if last else f"{middle:.2f}%",
            anchored="end" if last else "middle",
            width=f"{width:.2f}%",
            good_y=f"{_BASE - good_height:.1f}",
            good_height=f"{good_height:.1f}",
            bad_y=f"{_BASE - good_height - bad_height:.1f}",
            bad_height=f"{bad_height:.1f}",
            labelled=(len(self.rows) - 1 - at) % step == 0,
            minor=(len(self.rows) - 1 - at) % (step * 2) != 0,
        )
