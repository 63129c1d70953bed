"""The colours that a picture is known by."""

from __future__ import annotations

import colorsys
from collections import Counter
from typing import Final

from PIL import Image

Colour = tuple[int, int, int]

_SIDE: Final = 96  # enough to count, and little to go through
_SHADES: Final = 24
_SEEN: Final = 128  # of 255: less can hardly be seen
_SHARE: Final = 0.01  # less is an edge between two others
_APART: Final = 48  # of two colours that are not shades of one
_GREY: Final = 0.12  # saturation
_ENDS: Final = (0.06, 0.96)  # lightness of black and of white


def colours_of(picture: Image.Image, most: int) -> list[str]:
    """The picture's colours, those that cover most of it first; greys only where it has no others.

    What is transparent counts for nothing.
    """
    small = picture.convert("RGBA")
    small.thumbnail((_SIDE, _SIDE))
    pixels = zip(*[iter(small.tobytes())] * 4, strict=True)
    seen = [(red, green, blue) for red, green, blue, alpha in pixels if alpha >= _SEEN]
    if not seen:
        return []
    counted = _counted(seen)
    bright = [one for one in counted if not _is_plain(one)]
    grey = [one for one in counted if _is_plain(one) and not _is_end(one)]
    return [_written(one) for one in _apart(bright or grey)[:most]]


def _counted(seen: list[Colour]) -> list[Colour]:
    """The shades that make up enough of it, the most frequent ones first."""
    line = Image.new("RGB", (len(seen), 1))
    line.frombytes(bytes(part for colour in seen for part in colour))
    made = line.quantize(_SHADES, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette, counted = made.getpalette() or [], Counter(made.tobytes())
    return [
        (palette[3 * at], palette[3 * at + 1], palette[3 * at + 2])
        for at, count in counted.most_common()
        if count >= _SHARE * len(seen)
    ]


def _apart(colours: list[Colour]) -> list[Colour]:
    """The same without shades of one that stands before."""
    found: list[Colour] = []
    for colour in colours:
        if all(_distance(colour, one) >= _APART for one in found):
            found.append(colour)
    return found


def _distance(one: Colour, other: Colour) -> int:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def _is_plain(colour: Colour) -> bool:
    _hue, _light, strong = colorsys.rgb_to_hls(*(part / 255 for part in colour))
    return strong < _GREY or _is_end(colour)


def _is_end(colour: Colour) -> bool:
    """True for black and white, and for what looks like them."""
    light = (max(colour) + min(colour)) / 510
    return not _ENDS[0] <= light <= _ENDS[1]


def _written(colour: Colour) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)
