"""What an element looks like, in the words of a document: roles, colours, widths."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, Literal, cast

from apps.core.content.blocks.converting.tree import Element

Align = Literal["left", "center", "right"]
_ALIGNS: Final = ("left", "center", "right")
_HEX: Final = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})(?![0-9a-f])")
_RGB: Final = re.compile(r"rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*(?:,\s*([\d.]+))?")
_LENGTH: Final = re.compile(r"\s*(\d{1,5})(?:\.\d+)?\s*(px|%|pt)?")
_BUTTON: Final = re.compile(r"(?:^|[\s_-])(?:btn|button|cta)(?:$|[\s_-])", re.IGNORECASE)
_NAMED: Final = {"white": "#ffffff", "black": "#000000", "red": "#ff0000", "gray": "#808080"}
#: Greys no lighter than that are the theme's own ink: it has a partner in the dark.
_DARKEST_INK: Final = 0x48
_SMALL: Final = 13.0


@dataclass(frozen=True, slots=True)
class Look:
    """What an element inherits: how it stands, its ink, the ground of its section, its link."""

    align: Align = "left"
    colour: str = "text"
    ground: str = "surface"
    link: str = ""
    small: bool = False

    def inside(self, element: Element) -> Look:
        """The inherited of what is in this element."""
        style = element.style
        align = style.get("text-align") or element.attributes.get("align", "").lower()
        align = "center" if element.tag == "center" else align
        ink = hex_of(style.get("color", "") or element.attributes.get("color", ""))
        size = _points(style.get("font-size", ""))
        made = self
        if align in _ALIGNS and element.tag != "table":  # of a table: where it stands itself
            made = replace(made, align=cast(Align, align))
        if ink:
            made = replace(made, colour=ink_role(ink))
        if size:
            made = replace(made, small=size <= _SMALL)
        if ground := ground_of(element):
            made = replace(made, ground=ground_role(ground))
        return made


def hex_of(value: str) -> str:
    """A colour as ``#rrggbb``; empty for none that can be seen."""
    value = _NAMED.get(value.strip().lower(), value.lower())
    if found := _HEX.search(value):
        digits = found[1] if len(found[1]) == 6 else "".join(one * 2 for one in found[1])
        return f"#{digits}"
    if found := _RGB.search(value):
        if found[4] and float(found[4].strip(".") or 0) == 0:
            return ""
        return "#" + "".join(f"{min(int(one), 255):02x}" for one in found.group(1, 2, 3))
    return ""


def ground_of(element: Element) -> str:
    """The colour behind an element; empty when what is around it is seen."""
    style = element.style
    named = style.get("background-color") or style.get("background", "")
    return hex_of(named or element.attributes.get("bgcolor", ""))


def ground_role(colour: str) -> str:
    """The ground of a section: white is the theme's."""
    return "surface" if colour == "#ffffff" else colour


def ink_role(colour: str) -> str:
    """The colour of a text: what is nearly black is the theme's."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    is_grey = max(red, green, blue) - min(red, green, blue) <= 0x18
    return "text" if is_grey and max(red, green, blue) <= _DARKEST_INK else colour


def width_of(element: Element) -> tuple[int, bool]:
    """Its width, and whether that is a share of what is around it; 0 when it has none."""
    for value in (element.attributes.get("width", ""), element.style.get("width", "")):
        if found := _LENGTH.fullmatch(value.strip()):
            return int(found[1]), found[2] == "%"
    return 0, False


def height_of(element: Element) -> int:
    """Its height in pixels; 0 when it has none."""
    for value in (element.attributes.get("height", ""), element.style.get("height", "")):
        if (found := _LENGTH.fullmatch(value.strip())) and found[2] != "%":
            return int(found[1])
    return 0


def looks_like_button(link: Element) -> bool:
    """True for a link with a ground of its own, room around its words, or the name of one."""
    style = link.style
    if _BUTTON.search(link.attributes.get("class", "")):
        return True
    ground = ground_of(link)
    framed = "border" in style and "none" not in style["border"] and not style["border"] == "0"
    is_box = style.get("display") in ("inline-block", "block") and "padding" in style
    return bool(ground) or (is_box and framed)


def shares(widths: list[tuple[int, bool]]) -> list[int]:
    """The widths of two to four columns in percent: what is not known has an equal part."""
    count = len(widths)
    known = [width for width, _share in widths]
    if not all(known) or len({share for _width, share in widths}) > 1:
        known = [1] * count
    whole = sum(known)
    found = [max(10, round(100 * width / whole)) for width in known]
    widest = found.index(max(found))
    found[widest] += 100 - sum(found)
    return found


def _points(size: str) -> float:
    found = _LENGTH.fullmatch(size)
    if not found or found[2] == "%":
        return 0.0
    return int(found[1]) * (4 / 3 if found[2] == "pt" else 1)
