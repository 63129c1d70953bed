"""The colours of a brand from one colour of its logo, so that all of them can be read."""

from __future__ import annotations

import colorsys
from typing import Final

from apps.core.content.blocks.contrast import READABLE, contrast, parts_of
from apps.core.content.blocks.values import Palette

_STEP: Final = 0.02  # of lightness
_INKS: Final = ("#ffffff", "#1b2630", "#000000")


def palette_of(colour: str, before: Palette) -> Palette:
    """The palette with this colour (``#rrggbb``) for buttons, links and accents.

    Links are as much darker or lighter as the grounds ask for, and the label of a button has the
    first ink that can be read on it.
    """
    ink = readable(colour, (before.surface, before.page))
    label = next(one for one in _INKS if _ratio(one, colour) >= READABLE)
    return before.model_copy(
        update={"link": ink, "accent": ink, "button": colour, "button_text": label}
    )


def readable(colour: str, grounds: tuple[str, ...]) -> str:
    """The colour, or the nearest one of its hue that can be read on all of the grounds.

    Where there is none, black or white, whichever is read better.
    """
    hue, light, strong = colorsys.rgb_to_hls(*(part / 255 for part in parts_of(colour)))
    steps = range(round(1 / _STEP) + 1)
    found = [light, *(light + sign * _STEP * step for step in steps for sign in (-1, 1))]
    for one in (part for part in found if 0 <= part <= 1):
        made = colour if one == light else _written(hue, one, strong)
        if _least(made, grounds) >= READABLE:
            return made
    return max(("#000000", "#ffffff"), key=lambda one: _least(one, grounds))


def _least(colour: str, grounds: tuple[str, ...]) -> float:
    return min(_ratio(colour, ground) for ground in grounds)


def _ratio(one: str, other: str) -> float:
    return contrast(parts_of(one), parts_of(other))


def _written(hue: float, light: float, strong: float) -> str:
    mixed = colorsys.hls_to_rgb(hue, light, strong)
    return "#" + "".join(f"{round(part * 255):02x}" for part in mixed)
