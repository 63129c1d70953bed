"""How well one colour is read on another (WCAG 2, 1.4.3)."""

from __future__ import annotations

from typing import Final

Colour = tuple[int, int, int]

#: Large text (WCAG 2): 18 pt, or 14 pt and bold.
_LARGE: Final = 24.0
_LARGE_BOLD: Final = 18.66
#: Of a text of the usual size.
READABLE: Final = 4.5


def contrast(one: Colour, other: Colour) -> float:
    """Between 1 (the same) and 21 (black on white)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def needed(size: float, bold: bool) -> float:
    """The least contrast of a text of this size."""
    return 3.0 if size >= _LARGE or (bold and size >= _LARGE_BOLD) else READABLE


def parts_of(colour: str) -> Colour:
    """Red, green and blue of ``#rrggbb``."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return float(part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4)
