"""The text of a letter, made from its blocks: for readers and channels that show no HTML.

It holds the same conditions, repeats and links as the HTML. What is for phones alone is left out:
beside it stands the same for a desktop.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from apps.core.content.blocks.document import Document, Section, sections
from apps.core.content.blocks.fragments import is_code, text_of
from apps.core.content.blocks.letter.compilation import Compilation
from apps.core.content.blocks.letter.parts import PREFERENCES, UNSUBSCRIBE, VIEW, Part, PartWriter
from apps.core.content.blocks.links import PLACEHOLDER
from apps.core.content.blocks.rows.actions import network_name
from apps.core.content.blocks.rows.data import MAX_ROWS
from apps.core.content.blocks.schema import (
    Block,
    Button,
    Cards,
    Code,
    Footer,
    Header,
    Heading,
    Html,
    Image,
    Item,
    Listing,
    Menu,
    Product,
    Quote,
    Repeat,
    Social,
    Table,
    Text,
    Unrolled,
    Video,
)
from apps.core.content.blocks.values import Picture

_UNDERLINES: Final = {1: "=", 2: "-", 3: ""}
_LONGEST_LINE: Final = 60
#: How long a placeholder is taken to be where its value is not known.
_VALUE: Final = "x" * 8
_MARKUP: Final = re.compile(r'(<(/?)([a-z]+)(?: href="([^"]*)")?>)')
_MARKS: Final = {"bullet": "- ", "check": "✓ ", "picture": "- ", "none": ""}


class Lines(PartWriter):
    """The text that is being written; nothing in it is escaped."""

    def __init__(self, compilation: Compilation) -> None:
        super().__init__()
        self.compilation = compilation

    def text(self, source: str) -> None:
        for piece in self.pieces(source):
            self.raw(piece)

    def line(self, source: str, before: str = "") -> None:
        """A line of its own, unless it is empty."""
        if source:
            self.raw(before)
            self.text(source)
            self.raw("\n")

    def address(self, address: str) -> None:
        target = Lines(self.compilation)
        target.text(address)
        self.part({"href": self.compilation.link(address), "parts": target.parts()})

    def link(self, label: str, address: str, before: str = "") -> None:
        """``Label: address`` in a line."""
        if not label and not address:
            return
        self.raw(before)
        self.text(label)
        if address:
            self.raw(": " if label else "")
            self.address(address)
        self.raw("\n")

    def alt(self, picture: Picture | None, address: str = "") -> None:
        """What a picture shows, in brackets; with an address where it leads somewhere."""
        said = "" if picture is None or picture.decorative else picture.alt
        if said:
            self.raw("[")
            self.text(said)
            self.raw("]")
            if address:
                self.raw(": ")
                self.address(address)
            self.raw("\n")
        elif address:
            self.link("", address)

    def rich(self, source: str, indent: str = "") -> None:
        """Rich text: paragraphs apart, lists with their marks, links with their addresses."""
        if source:
            _Rich(self, indent).write(source)


class _Rich:
    """Cleaned rich text that becomes lines. Breaks are written when words follow them."""

    def __init__(self, lines: Lines, indent: str) -> None:
        self._lines, self._indent = lines, indent
        self._lists: list[int] = []  # of each open list the number of its next item; 0: no numbers
        self._links: list[str] = []
        self._breaks = 0
        self._begun = False
        self._after_mark = False  # of a list: a paragraph goes on behind it

    def write(self, source: str) -> None:
        position = 0
        for found in _MARKUP.finditer(source):
            self._say(source[position : found.start()])
            position = found.end()
            self._tag(bool(found[2]), found[3], found[4] or "")
        self._say(source[position:])
        if self._begun:
            self._lines.raw("\n")

    def _say(self, source: str) -> None:
        if not source or ((self._breaks or not self._begun) and source.isspace()):
            return
        self._start()
        for piece in self._lines.pieces(source, html.unescape):
            self._lines.raw(html.unescape(piece).replace("\n", " "))

    def _start(self) -> None:
        if not self._begun:
            self._lines.raw(self._indent)
        else:
            self._lines.raw(f"\n{self._indent}" * self._breaks)
        self._begun, self._breaks, self._after_mark = True, 0, False

    def _apart(self, lines: int) -> None:
        self._breaks = max(self._breaks, lines)

    def _tag(self, closes: bool, name: str, address: str) -> None:
        if name == "br":
            self._breaks += 1
        elif name == "p" and not self._after_mark:
            self._apart(1 if self._lists else 2)
        elif name in ("ul", "ol"):
            self._list(closes, name)
        elif name == "li" and not closes:
            self._item()
        elif name == "a":
            self._link(closes, address)

    def _list(self, closes: bool, name: str) -> None:
        self._apart(1 if len(self._lists) > closes else 2)
        if not closes:
            self._lists.append(1 if name == "ol" else 0)
        elif self._lists:
            self._lists.pop()

    def _item(self) -> None:
        self._apart(1)
        self._start()
        number = self._lists[-1] if self._lists else 0
        if number:
            self._lists[-1] += 1
        mark = f"{number}. " if number else "- "
        self._lines.raw("  " * max(len(self._lists) - 1, 0) + mark)
        self._after_mark = True

    def _link(self, closes: bool, address: str) -> None:
        if not closes:
            self._links.append(html.unescape(address))
        elif self._links:
            self._lines.raw(" (")
            self._lines.address(self._links.pop())
            self._lines.raw(")")


def _heading(lines: Lines, block: Heading) -> None:
    if block.text:
        lines.line(block.text)
        length = min(len(PLACEHOLDER.sub(_VALUE, block.text)), _LONGEST_LINE)
        lines.line(_UNDERLINES[block.level] * length)


def _text(lines: Lines, block: Text) -> None:
    lines.rich(block.html)


def _image(lines: Lines, block: Image) -> None:
    lines.alt(block.picture, block.link)
    lines.line(block.caption)


def _video(lines: Lines, block: Video) -> None:
    lines.alt(block.picture)
    lines.link(block.label or lines.compilation.phrases.watch, block.link)


def _button(lines: Lines, block: Button) -> None:
    lines.link(block.label, block.link)


def _nothing(lines: Lines, block: Block) -> None:
    """A spacer has no text: blocks stand apart anyway."""


def _divider(lines: Lines, block: Block) -> None:
    lines.raw("* * *\n")


def _listing(lines: Lines, block: Listing) -> None:
    for number, item in enumerate(block.items, 1):
        lines.raw(f"{number}. " if block.mark == "number" else _MARKS[block.mark])
        _item(lines, item)


def _item(lines: Lines, item: Item) -> None:
    lines.line(item.title)
    lines.rich(item.html)
    if item.link:
        lines.link(item.link_label, item.link)


def _cards(lines: Lines, block: Cards) -> None:
    for number, item in enumerate(block.items):
        lines.raw("\n" if number else "")
        lines.alt(item.picture)
        _item(lines, item)


def _product(lines: Lines, block: Product) -> None:
    lines.alt(block.picture)
    lines.line(block.name, f"{block.badge}: " if block.badge and block.name else "")
    lines.rich(block.html)
    if block.price and block.old_price:
        was = lines.compilation.phrases.old_price
        lines.line(f"{block.price} ({was} {block.old_price})")
    else:
        lines.line(block.price)
    lines.link(block.label, block.link)


def _quote(lines: Lines, block: Quote) -> None:
    lines.rich(block.html, "> ")
    lines.line(", ".join(filter(None, (block.author, block.about))), "— ")


def _menu(lines: Lines, block: Menu) -> None:
    for entry in block.entries:
        lines.link(entry.label, entry.link)


def _social(lines: Lines, block: Social) -> None:
    for one in block.networks:
        lines.link(network_name(one.network), one.link)


def _header(lines: Lines, block: Header) -> None:
    if block.view_link and lines.compilation.surroundings.view_page:
        lines.link(lines.compilation.phrases.view, VIEW)
    name = block.name or (block.logo.alt if block.logo is not None else "")
    lines.link(name, block.link if name else "")


def _footer(lines: Lines, block: Footer) -> None:
    phrases = lines.compilation.phrases
    lines.line(block.reason)
    lines.line(", ".join(filter(None, (block.company, block.address))))
    lines.line(block.mark)
    lines.link(phrases.unsubscribe, UNSUBSCRIBE)
    if block.preferences:
        lines.link(phrases.preferences, PREFERENCES)
    if block.view_link and lines.compilation.surroundings.view_page:
        lines.link(phrases.view, VIEW)


def _code(lines: Lines, block: Code) -> None:
    lines.line(block.value, "    ")
    lines.line(block.note)


def _table(lines: Lines, block: Table) -> None:
    lines.line(" | ".join(block.head))
    for row in () if block.source else block.rows:
        lines.line(" | ".join(row))
    if block.source:
        row_lines = Lines(lines.compilation)
        row_lines.line(" | ".join(block.cells))
        lines.each(block.source, MAX_ROWS, row_lines)


def _html(lines: Lines, block: Html) -> None:
    text = text_of(block.source)
    if is_code(text):
        lines.part({"liquid": text})
        lines.raw("\n")
    else:
        lines.line(text)


def _repeat(lines: Lines, block: Repeat) -> None:
    items, empty = Lines(lines.compilation), Lines(lines.compilation)
    for one in block.blocks:
        write_lines(items, one)
    empty.rich(block.empty)
    if isinstance(block, Unrolled):
        lines.extend((items if block.blocks else empty).parts())
    else:
        lines.each(block.source, block.limit, items, empty)


#: The text writer of every kind of block.
TEXTS: Final[dict[str, Callable[[Lines, Any], None]]] = {
    "heading": _heading,
    "text": _text,
    "list": _listing,
    "quote": _quote,
    "code": _code,
    "image": _image,
    "video": _video,
    "cards": _cards,
    "product": _product,
    "button": _button,
    "menu": _menu,
    "social": _social,
    "header": _header,
    "footer": _footer,
    "divider": _divider,
    "spacer": _nothing,
    "table": _table,
    "html": _html,
    "repeat": _repeat,
}


def write_lines(lines: Lines, block: Any) -> None:
    """Write the block's text and the blank line behind it, under its condition if it has one."""
    if block.device == "phone":
        return
    lines.compilation.block = block.id
    inner = Lines(lines.compilation)
    TEXTS[block.type](inner, block)
    parts = _trimmed(inner.parts())
    if parts:
        lines.extend(lines.compilation.shown(block.visibility, [*parts, "\n\n"]))


def text_parts(document: Document, compilation: Compilation) -> list[Part]:
    """The whole letter as text."""
    lines = Lines(compilation)
    for section in sections(document):
        if not isinstance(section, Section):
            continue
        inner = Lines(compilation)
        for column in section.columns:
            for block in column.blocks:
                write_lines(inner, block)
        lines.extend(compilation.shown(section.visibility, inner.parts()))
    return lines.parts()


def _trimmed(parts: Sequence[Part]) -> list[Part]:
    """The parts without blanks at their end; a repeat ends its items itself."""
    trimmed = list(parts)
    while trimmed and isinstance(last := trimmed[-1], str):
        trimmed.pop()
        if end := last.rstrip():
            return [*trimmed, end]
    return trimmed
