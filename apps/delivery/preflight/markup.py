"""What the HTML of a letter holds: links, pictures, and texts with the colours they are seen in.

Written by a user, read within a budget; every branch of every condition is in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Final

from apps.core.content.blocks.contrast import Colour
from apps.core.content.html_text import HIDDEN, SKIPPED, VOID, sane_markup
from apps.core.content.time_budget import look_at_the_clock
from apps.delivery.preflight.colours import read_colour, size_of

#: Texts whose colours are compared; the others of a letter are like these.
_TEXTS: Final = 400
_BOLD: Final = frozenset("b strong h1 h2 h3 h4 h5 h6 th".split())
_HEADINGS: Final = {"h1": 32.0, "h2": 24.0, "h3": 18.72}


@dataclass(frozen=True, slots=True)
class Picture:
    """``alt`` None: there is no such attribute, which a decoration has, and leaves empty."""

    source: str
    alt: str | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A text and how it is seen; None: nobody knows."""

    text: str
    ink: Colour | None
    ground: Colour | None
    size: float
    bold: bool


@dataclass(frozen=True, slots=True)
class _Look:
    name: str = ""
    ink: Colour | None = (0, 0, 0)
    ground: Colour | None = (255, 255, 255)
    size: float = 16.0
    bold: bool = False
    hidden: bool = False


@dataclass(slots=True)
class Markup:
    """``links``: addresses as they are written, each once."""

    links: list[str] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    texts: list[Seen] = field(default_factory=list)


def read_markup(source: str) -> Markup:
    """Read the HTML. Raises OverLimit when a budget around it is used up."""
    reader = _Reader()
    reader.feed(sane_markup(source))
    reader.close()
    found = reader.found
    found.links = list(dict.fromkeys(found.links))
    return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found = Markup()
        self._open: list[_Look] = []

    @property
    def _innermost(self) -> _Look:
        return self._open[-1] if self._open else _Look()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        look_at_the_clock()
        values = {name: value or "" for name, value in attrs}
        if tag == "a" and values.get("href", "").strip():
            self.found.links.append(values["href"].strip())
        elif tag == "img":
            alt = values["alt"].strip() if "alt" in values else None
            self.found.pictures.append(Picture(values.get("src", "").strip(), alt))
        if tag not in VOID:
            self._open.append(_seen_as(tag, values, self._innermost))

    def handle_endtag(self, tag: str) -> None:
        look_at_the_clock()
        for at in range(len(self._open) - 1, max(-1, len(self._open) - 20), -1):
            if self._open[at].name == tag:
                del self._open[at:]
                return

    def handle_data(self, data: str) -> None:
        text, shown = " ".join(data.split()), self._innermost
        if text and not shown.hidden and len(self.found.texts) < _TEXTS:
            seen = Seen(text[:80], shown.ink, shown.ground, shown.size, shown.bold)
            self.found.texts.append(seen)


_DECLARATION: Final = re.compile(r"(?:^|;)\s*([a-z-]+)\s*:\s*([^;]*)", re.IGNORECASE)


def _seen_as(tag: str, values: dict[str, str], around: _Look) -> _Look:
    """An element in what is around it. A background picture hides what colour lies behind."""
    style = {name.lower(): value.strip() for name, value in declarations(values.get("style", ""))}
    hidden = around.hidden or tag in SKIPPED or "hidden" in values
    shown = replace(around, name=tag, bold=around.bold or tag in _BOLD)
    if tag == "a" and "color" not in style:
        shown = replace(shown, ink=(0, 0, 238))
    written = style.get("color") or (values.get("color", "") if tag == "font" else "")
    if written:
        shown = replace(shown, ink=read_colour(written))
    ground = values.get("bgcolor", "")
    ground = style.get("background-color") or style.get("background") or ground
    if values.get("background") or "url(" in ground or "url(" in style.get("background-image", ""):
        shown = replace(shown, ground=None)
    elif ground and ground.lower() not in ("none", "transparent", "inherit", "initial"):
        shown = replace(shown, ground=read_colour(ground))
    size = size_of(style["font-size"], around.size) if "font-size" in style else _HEADINGS.get(tag)
    if size is not None:
        shown = replace(shown, size=size)
    if style.get("font-weight", "") in ("bold", "bolder", "600", "700", "800", "900"):
        shown = replace(shown, bold=True)
    if style.get("font-size", "").startswith("0") or style.get("opacity") == "0":
        hidden = True
    return replace(shown, hidden=hidden or bool(HIDDEN.search(values.get("style", ""))))


def declarations(style: str) -> list[tuple[str, str]]:
    """The properties of a style attribute with their values."""
    return _DECLARATION.findall(style)
