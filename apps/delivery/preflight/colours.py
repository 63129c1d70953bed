"""Colours and sizes as they are written in a style."""

from __future__ import annotations

import re
from typing import Final

from apps.core.content.blocks.contrast import Colour

_HEX: Final = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_RGB: Final = re.compile(r"rgb\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})\s*\)", re.IGNORECASE)
_NAMED: Final = {
    **{"black": (0, 0, 0), "white": (255, 255, 255), "gray": (128, 128, 128)},
    **{"grey": (128, 128, 128), "silver": (192, 192, 192), "red": (255, 0, 0)},
    **{"maroon": (128, 0, 0), "yellow": (255, 255, 0), "olive": (128, 128, 0)},
    **{"lime": (0, 255, 0), "green": (0, 128, 0), "aqua": (0, 255, 255)},
    **{"teal": (0, 128, 128), "blue": (0, 0, 255), "navy": (0, 0, 128)},
    **{"fuchsia": (255, 0, 255), "purple": (128, 0, 128), "orange": (255, 165, 0)},
    **{"lightgray": (211, 211, 211), "lightgrey": (211, 211, 211), "darkgray": (169, 169, 169)},
    **{"whitesmoke": (245, 245, 245), "darkblue": (0, 0, 139), "dimgray": (105, 105, 105)},
}
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)(px|pt|em|rem|%)", re.IGNORECASE)


def read_colour(written: str) -> Colour | None:
    """The colour; None for one that is not known here, or lets through what is behind it."""
    written = written.replace("!important", "").strip()
    if match := _HEX.fullmatch(written):
        digits = match[1] if len(match[1]) == 6 else "".join(one * 2 for one in match[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if match := _RGB.fullmatch(written):
        red, green, blue = (min(int(one), 255) for one in match.groups())
        return red, green, blue
    return _NAMED.get(written.lower())


def size_of(written: str, around: float) -> float | None:
    """A font's size in pixels; None for what is not known here."""
    match = _SIZE.match(written)
    if match is None:
        return None
    number, unit = float(match[1]), match[2].lower()
    scale = {"px": 1.0, "pt": 4 / 3, "em": around, "rem": 16.0, "%": around / 100}
    return number * scale[unit]
