"""The colours of a letter: what stands inline for the light, and the rules for the dark.

A role has both values in the theme. A free colour gets a partner for the dark by its use: grounds
become dark and ink becomes light, the hue stays, so that no text vanishes.
"""

from __future__ import annotations

import colorsys
from collections.abc import Iterator
from typing import Final, Literal

from apps.core.content.blocks.values import Palette, Theme

Use = Literal["color", "background", "border-color"]

_LETTERS: Final[dict[Use, str]] = {"color": "c", "background": "g", "border-color": "l"}
_INK_FROM: Final = 0.78  # lightness
_STRONGEST: Final = {"color": 0.6, "background": 0.35, "border-color": 0.35}  # saturation


class Colours:
    """The colours of one letter, and which of them it has used."""

    def __init__(self, theme: Theme) -> None:
        self._light, self._dark = theme.light, theme.dark
        self._rules: dict[str, str] = {}

    def value(self, colour: str) -> str:
        """``#rrggbb``, as it stands inline."""
        return colour if colour[0] == "#" else str(getattr(self._light, colour))

    def name(self, colour: str, use: Use = "color") -> str:
        """The class that gives it its partner in the dark."""
        name = _LETTERS[use] + colour.lstrip("#").replace("_", "")
        if self._dark is not None and name not in self._rules:
            self._rules[name] = f"{{{use}:{partner(colour, self._dark, use)}!important}}"
        return name

    def inner(self, name: str, path: str) -> None:
        """The same rule for what stands inside the element of this class, such as ``>table``."""
        if name in self._rules:
            self._rules[name + path] = self._rules[name]

    def rules(self) -> Iterator[str]:
        """The rules for the dark, without their condition."""
        return (f".{name}{rule}" for name, rule in sorted(self._rules.items()))

    @property
    def scheme(self) -> str:
        """What the letter declares to mail programs."""
        return "light dark" if self._dark is not None else "light only"


def partner(colour: str, dark: Palette, use: Use) -> str:
    """What a role or a free colour becomes in the dark."""
    if colour[0] != "#":
        return str(getattr(dark, colour))
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, light, strong = colorsys.rgb_to_hls(red, green, blue)
    light = max(light, _INK_FROM) if use == "color" else 0.11 + (1 - light) * 0.16
    mixed = colorsys.hls_to_rgb(hue, light, min(strong, _STRONGEST[use]))
    return "#" + "".join(f"{round(part * 255):02x}" for part in mixed)
