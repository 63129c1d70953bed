"""The writer of one column's rows: what its blocks have in common.

Text is escaped here; placeholders become parts of their own. A block is always whole rows of its
column's table, so a condition around it never cuts a tag.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from apps.core.content.blocks.colours import Use
from apps.core.content.blocks.letter.compilation import Compilation
from apps.core.content.blocks.letter.parts import PartWriter, escaped
from apps.core.content.blocks.schema import Block
from apps.core.content.blocks.values import Picture

TABLE: Final = '<table role="presentation" cellpadding="0" cellspacing="0" border="0"'
STACKS: Final = {
    "system": "-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif",
    "arial": "Arial,Helvetica,sans-serif",
    "georgia": "Georgia,'Times New Roman',serif",
    "verdana": "Verdana,Geneva,sans-serif",
    "tahoma": "Tahoma,Geneva,sans-serif",
    "trebuchet": "'Trebuchet MS',Tahoma,sans-serif",
    "times": "'Times New Roman',Times,serif",
    "courier": "'Courier New',Courier,monospace",
}
_ANCHOR: Final = re.compile(r'<a href="([^"]*)">')
_SPACED: Final = re.compile(r"<(p|ul|ol)>")
_CLOSED: Final = re.compile(r"</(?:p|ul|ol)>$")


class Rows(PartWriter):
    """One column's rows, as parts."""

    def __init__(self, compilation: Compilation) -> None:
        super().__init__()
        self.compilation = compilation
        self._after = ""

    def text(self, source: str) -> None:
        """A line of a user's, escaped."""
        for piece in self.pieces(source):
            self.raw(escaped(piece))

    def line(self, source: str, field: str, empty: str = "") -> None:
        """A line that is written on the canvas itself; ``field``: its path in the block.

        ``empty``: what stands there while nothing has been written.
        """
        with self._spot("span", f'data-line="{field}"', empty):
            self.text(source)

    def rich(self, source: str, *, gap: int = 12, field: str = "html") -> None:
        """Cleaned rich text; ``gap`` stands between its paragraphs, and none behind the last."""
        ink = self.colour_style("link")
        with self._spot("div", f'data-rich="{field}" data-gap="{gap}"'):
            for number, piece in enumerate(_ANCHOR.split(_with_margins(source, gap))):
                if number % 2:
                    self.open_link(html.unescape(piece), ink, self.colour_class("link"))
                else:
                    self._marked(piece)

    @property
    def on_canvas(self) -> bool:
        """True where the letter is written, and not sent: what is empty is shown there, too."""
        return self.compilation.surroundings.marks

    @contextmanager
    def _spot(self, tag: str, marks: str, empty: str = "") -> Iterator[None]:
        """On a canvas, the element that is written in; it says so while nothing stands in it."""
        if self.on_canvas:
            nothing = escaped(empty or self.compilation.phrases.empty)
            self.raw(f'<{tag} {marks} data-empty="{nothing}">')
        yield
        if self.on_canvas:
            self.raw(f"</{tag}>")

    def _marked(self, source: str) -> None:
        for piece in self.pieces(source, html.unescape):
            self.raw(piece)

    # -- cells ---------------------------------------------------------------------------------

    def cell(
        self,
        block: Block,
        *,
        align: str = "left",
        colour: str = "text",
        size: int = 0,
        bleed: bool = False,
    ) -> None:
        """Open the row of a block, with its padding, ground, device and font.

        Word knows no media query, so what is for phones is kept from it altogether.
        """
        compilation = self.compilation
        left, right = (0, 0) if bleed else compilation.sides
        above, below = block.padding
        kinds, ground, style = [self.colour_class(colour)], "", ""
        if block.background:
            kinds.append(self.colour_class(block.background, "background"))
            value = compilation.colours.value(block.background)
            ground, style = f' bgcolor="{value}"', f";background:{value}"
        if compilation.side_class and not bleed:
            kinds.append(compilation.side_class)
        self._open_row(block)
        sides = f"{left}px" if left == right else f"{right}px"
        padding = f"{above}px {sides} {below}px" + ("" if left == right else f" {left}px")
        self.raw(
            f'<td class="{" ".join(kinds)}" align="{align}"{ground}'
            f' style="padding:{padding};{self.font(colour, size)}{style}">'
        )

    def _open_row(self, block: Block) -> None:
        mark = f' data-node="{block.id}"' if self.compilation.surroundings.marks else ""
        device = {
            "all": "",
            "desktop": ' class="only-desktop"',
            "phone": ' class="only-phone" style="display:none"',
        }[block.device]
        if block.device == "phone":
            self._after = self._hide_from_word()
        self.raw(f"<tr{device}{mark}>")

    def end(self) -> None:
        """Close the row of a block."""
        self.raw("</td></tr>")
        self._show_to_word(self._after)
        self._after = ""

    def _hide_from_word(self) -> str:
        """Begin what Word does not get; what ends it, empty where that has begun already."""
        if self.compilation.kept_from_word:
            return ""
        self.compilation.kept_from_word = True
        self.raw("<!--[if !mso]><!-->")
        return "<!--<![endif]-->"

    def _show_to_word(self, ending: str) -> None:
        if ending:
            self.raw(ending)
            self.compilation.kept_from_word = False

    def inner_cell(
        self, padding: str, *, extra: str = "", kind: str = "", colour: str = "text", size: int = 0
    ) -> None:
        """Open a cell of a table inside a block; Word inherits nothing into one."""
        kinds = " ".join(filter(None, (kind, self.colour_class(colour))))
        self.raw(
            f'<td valign="top" class="{kinds}"{extra}'
            f' style="padding:{padding};{self.font(colour, size)}">'
        )

    def font(self, colour: str = "text", size: int = 0, leading: float = 0.0) -> str:
        """Size, leading and colour of a cell: Word and old Gmail inherit none of them."""
        theme = self.compilation.theme
        return (
            f"font-size:{size or theme.size}px;line-height:{leading or theme.leading};"
            f"{self.colour_style(colour)}"
        )

    def heading(
        self, level: int, text: str, size: int, margin: str = "0", *, field: str = "text"
    ) -> None:
        """A real heading of this level."""
        theme = self.compilation.theme
        family = (
            "" if theme.heading_font == theme.font else f"font-family:{STACKS[theme.heading_font]};"
        )
        self.raw(
            f'<h{level} style="margin:{margin};{family}font-size:{size}px;line-height:1.25;'
            'font-weight:700">'
        )
        self.line(text, field)
        self.raw(f"</h{level}>")

    # -- colours -------------------------------------------------------------------------------

    def colour_class(self, colour: str, use: Use = "color") -> str:
        return self.compilation.colours.name(colour, use)

    def colour_style(self, colour: str) -> str:
        return f"color:{self.compilation.colours.value(colour)}"

    # -- links and pictures --------------------------------------------------------------------

    def open_link(self, address: str, style: str, kind: str = "") -> None:
        """Links are numbered parts, so that UTM and click tracking need no search."""
        classes = f' class="{kind}"' if kind else ""
        self.raw(f'<a{classes} href="')
        target = Rows(self.compilation)
        target.text(address)
        self.part({"href": self.compilation.link(address), "parts": target.parts()})
        self.raw(f'" style="{style}">')

    def link(
        self, address: str, label: str, *, colour: str = "link", style: str = "", field: str = ""
    ) -> None:
        """A link with a text; only the text where there is no address yet.

        ``field``: the path of the text in the block, where it is written on the canvas.
        """
        is_link = bool(address) or (self.on_canvas and bool(field))
        if is_link:
            self.open_link(
                address or "#",
                ";".join(filter(None, (self.colour_style(colour), style))),
                self.colour_class(colour),
            )
        if field:
            self.line(label, field)
        else:
            self.text(label)
        if is_link:
            self.raw("</a>")

    def image(
        self, picture: Picture, width: int, *, link: str = "", style: str = "", kind: str = ""
    ) -> None:
        """A picture, with a partner for the dark where it has one."""
        if link:
            self.open_link(link, f"display:block;{self.colour_style('link')}")
        address = self.compilation.address_of(picture, width)
        if not address:
            self._gap(width)
        elif not (dark := self._dark_address(picture, width)):
            self._img(address, picture, width, style, kind)
        else:
            self._img(address, picture, width, style, f"light-image {kind}".strip())
            ending = self._hide_from_word()
            self.raw('<div class="dark-image" style="display:none;max-height:0;overflow:hidden">')
            self._img(dark, picture, width, style, kind)
            self.raw("</div>")
            self._show_to_word(ending)
        if link:
            self.raw("</a>")

    def _dark_address(self, picture: Picture, width: int) -> str:
        if picture.dark_media is None:
            return ""
        return self.compilation.picture(picture.dark_media, width, embed=picture.embed)

    def _img(self, address: str, picture: Picture, width: int, style: str, kind: str) -> None:
        classes = f' class="{kind}"' if kind else ""
        self.raw(f'<img{classes} src="')
        self.text(address)
        self.raw('" alt="')
        self.text("" if picture.decorative else picture.alt)
        self.raw(
            f'" width="{width}" style="display:block;width:100%;max-width:{width}px;height:auto;'
            f'border:0;font-size:14px;line-height:1.4{style}">'
        )

    def icon(self, address: str, alt: str, size: int, *, link: str) -> None:
        """A small picture of the installation's own, such as of a social network."""
        if link:
            style = f"display:block;{self.colour_style('muted')}"
            self.open_link(link, style, self.colour_class("muted"))
        self.raw(
            f'<img src="{escaped(address)}" alt="{escaped(alt)}" width="{size}" height="{size}"'
            ' style="display:block;border:0;font-size:11px">'
        )
        if link:
            self.raw("</a>")

    def _gap(self, width: int) -> None:
        """The place of a picture that has not been chosen; such a letter is never sent."""
        line = self.compilation.colours.value("line")
        kind = self.colour_class("line", "background")
        self.raw(
            f'{TABLE} width="100%" style="max-width:{width}px"><tr><td class="{kind}"'
            f' height="{width // 3}" bgcolor="{line}" style="background:{line}">&nbsp;</td></tr>'
            "</table>"
        )


def _with_margins(source: str, gap: int) -> str:
    """Paragraphs and lists with a gap below, but for what ends the text."""
    last = -1
    if _CLOSED.search(source):
        last = max(source.rfind(f"<{tag}>") for tag in ("p", "ul", "ol"))

    def spaced(found: re.Match[str]) -> str:
        below = 0 if found.start() == last else gap
        indent = "" if found[1] == "p" else ";padding-left:24px"
        return f'<{found[1]} style="margin:0 0 {below}px{indent}">'

    return _SPACED.sub(spaced, source)
