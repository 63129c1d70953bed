"""HTML as blocks: headings, texts, pictures, buttons, rules, quotes, and rows of up to four cells.

What is none of these stays as it is, in a block of HTML: a letter is never less than it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Any, Final

from apps.core.content.blocks.converting import tables
from apps.core.content.blocks.converting.gathering import Body, Converted, Report, Stack
from apps.core.content.blocks.converting.grouping import Kept, codes_in, groups_of, is_divisible
from apps.core.content.blocks.converting.looks import (
    Look,
    ground_of,
    height_of,
    hex_of,
    looks_like_button,
    shares,
    width_of,
)
from apps.core.content.blocks.converting.rich import (
    in_address,
    inline_html,
    is_blank,
    is_inline,
    listing,
    paragraph,
)
from apps.core.content.blocks.converting.tree import Element, Node, Tree, plain, tree_of
from apps.core.content.blocks.links import is_link
from apps.core.content.blocks.reuse.brand import dark_of
from apps.core.content.blocks.values import Palette
from apps.core.content.sheet import off_its_sheet

_HEADINGS: Final = {"h1": 1, "h2": 2, "h3": 3, "h4": 3, "h5": 3, "h6": 3}
_LONGEST_LINE: Final = 300
_LONGEST_LABEL: Final = 120
_PICTURE_WIDTHS: Final = range(16, 600)
#: Pictures of no more pixels than that hold a place, or count readers.
_UNSEEN: Final = 3
_OWN_LINK: Final = re.compile(r"\{\{\s*(?:unsubscribe|view|preferences)_url\s*\}\}")
_BETWEEN_LINKS: Final = re.compile(r"[\s|/·•—–,.-]*")
_PADDING: Final = re.compile("[\u00ad\u034f\u180e\u200b\u200c\u200d\u2007\u2060\ufeff\u00a0]+")
_BODY: Final = re.compile(r"<body\b[^<>]{0,2000}>", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^<>]{0,300}>")
_TITLE: Final = re.compile(r"<title\b[^<>]{0,300}>(.{0,2000}?)</title", re.IGNORECASE | re.DOTALL)

#: The id in the library of the picture at this address; None when it is none of its pictures.
Library = Callable[[str], int | None]


def blocks_of_html(source: str, library: Library) -> Converted:
    """The HTML as a document of blocks. Raises HtmlTooDeep, DocumentTooBig."""
    tree, report = tree_of(off_its_sheet(source)), Report()
    reader = _Reader(tree, Body(report), library)
    nodes = tree.root.children
    if any(code.name == "assign" for code in codes_in(nodes)):
        reader.keep(nodes, Look())  # what is assigned may be asked for anywhere
    else:
        reader.flow(nodes, Look())
    title = _TITLE.search(source)
    return Converted(
        document=reader.body.document(_theme(source, reader.button)),
        report=report,
        preheader=" ".join(_PADDING.sub(" ", reader.preheader).split())[:255],
        title=plain(unescape(_TAG.sub("", title[1]))) if title else "",
    )


class _Reader:
    """Reads a tree from top to bottom. ``side``: the column it writes; None: the whole letter."""

    def __init__(self, tree: Tree, body: Body, library: Library, side: Stack | None = None) -> None:
        self.body, self.preheader, self.button = body, "", ("", "")
        self._tree, self._library, self._side = tree, library, side
        self._begun = side is not None

    def flow(self, nodes: list[Node], inherited: Look) -> None:
        """Blocks of these neighbours."""
        if not is_divisible(nodes):
            self.keep(nodes, inherited)
            return
        line: list[Node] = []
        for node in groups_of(nodes):
            if isinstance(node, Kept) and all(is_inline(one) for one in _elements(node.nodes)):
                line += node.nodes
            elif not isinstance(node, Kept) and is_inline(node):
                line.append(node)
            else:
                self._end_line(line, inherited)
                if isinstance(node, Kept):
                    self.keep(node.nodes, inherited)
                elif isinstance(node, Element):
                    self._element(node, inherited)
        self._end_line(line, inherited)

    def keep(self, nodes: list[Node], inherited: Look) -> None:
        """A block of HTML."""
        source = self._tree.source(nodes).strip()
        if source:
            self._stack(inherited).keep(source)

    def _stack(self, inherited: Look) -> Stack:
        self._begun = True
        return self._side if self._side is not None else self.body.stack(inherited.ground)

    def _end_line(self, line: list[Node], inherited: Look) -> None:
        """What stood in a line without an element of its own."""
        if not is_blank(line):
            self._prose(Element("p", children=[*line]), inherited)
        line.clear()

    def _element(self, element: Element, inherited: Look) -> None:
        inside, tag = inherited.inside(element), element.tag
        if element.is_hidden:
            self._hide(element)
        elif tag in _HEADINGS:
            self._heading(element, inside)
        elif tag == "img":
            self._picture(element, inherited)
        elif tag == "hr":
            self._stack(inherited).add("divider")
        elif tag in ("ul", "ol"):
            self._list(element, inside)
        elif tag == "blockquote" and self._is_text(element):
            self._stack(inherited).add("quote", html=self._paragraphs(element))
        elif tag in ("dl", "pre"):
            self.keep([element], inherited)
        elif tag == "table":
            self._table(element, inside)
        elif tag == "a":
            address = self._tree.address(element, "href")
            self.flow(element.children, replace(inside, link=address if is_link(address) else ""))
        elif all(is_inline(one) for one in _elements(element.children)):
            self._prose(element, inside)
        elif row := tables.beside(element):
            self._row(row, inside)
        else:
            self.flow(element.children, inside)

    def _hide(self, element: Element) -> None:
        text = self._tree.line(element.children)
        if not self._begun and not self.preheader:
            self.preheader = text
        elif text or element.has("img"):
            self.body.report.left_out["hidden"] += 1

    def _prose(self, element: Element, inherited: Look) -> None:
        """A paragraph, or a button that stands alone in one."""
        if is_blank(element.children) or self._is_own_links(element):
            return
        if next(codes_in(element.children), None) is not None:
            self.keep([element], inherited)
        elif (link := _only_link(element)) and (
            looks_like_button(link) or ground_of(element) not in ("", "#ffffff")
        ):
            self._button(link, element, inherited)
        elif html := paragraph(self._tree, element.children):
            self._text(html[3:-4], inherited)

    def _text(self, html: str, inherited: Look) -> None:
        """A paragraph of running text, within the link that is around it."""
        html = f'<a href="{in_address(inherited.link)}">{html}</a>' if inherited.link else html
        self._rich(f"<p>{html}</p>", inherited)

    def _rich(self, html: str, inherited: Look) -> None:
        self._stack(inherited).text(
            html, align=inherited.align, colour=inherited.colour, small=inherited.small
        )

    def _is_own_links(self, element: Element) -> bool:
        """True for links to unsubscribe and the like alone: the footer has them."""
        links = [one for one in element.walk() if isinstance(one, Element) and one.tag == "a"]
        rest = self._tree.line(_without(element.children, links))
        addresses = [self._tree.address(link, "href") for link in links]
        return bool(links) and bool(
            _BETWEEN_LINKS.fullmatch(rest) and all(map(_OWN_LINK.fullmatch, addresses))
        )

    def _button(self, link: Element, around: Element, inherited: Look) -> None:
        label, address = self._tree.line([link]), self._tree.address(link, "href")
        if len(label) > _LONGEST_LABEL or not is_link(address):
            self._rich(paragraph(self._tree, [link]), inherited)
            return
        ground = ground_of(link) or ground_of(around)
        if ground and not self.button[0]:
            self.button = (ground, hex_of(link.style.get("color", "")) or "#ffffff")
        self._stack(inherited).add(
            "button",
            label=label,
            link=address,
            align=inherited.align,
            look="filled" if ground or "border" not in link.style else "outline",
        )

    def _heading(self, element: Element, inherited: Look) -> None:
        text = self._tree.line(element.children)
        if element.has("img", "table"):
            self.flow(element.children, inherited)
        elif element.has_code:
            self.keep([element], inherited)
        elif element.has("a") or inherited.link or len(text) > _LONGEST_LINE:
            html = f"<strong>{inline_html(self._tree, element.children)}</strong>"
            self._text(html, replace(inherited, small=False))
        elif text:
            level, colour = _HEADINGS[element.tag], inherited.colour
            self._stack(inherited).add(
                "heading", level=level, text=text, align=inherited.align, colour=colour
            )

    def _picture(self, element: Element, inherited: Look) -> None:
        address = self._tree.address(element, "src")
        width, is_share = width_of(element)
        height = height_of(element)
        if (0 < width <= _UNSEEN and not is_share) or 0 < height <= _UNSEEN:
            self.body.report.left_out["pixel"] += 1
            return
        media = self._library(address)
        if media is None and not _is_shown(address):
            self.body.report.left_out["picture"] += 1
            return
        alt = self._tree.line([element.attributes.get("alt", "")])[:_LONGEST_LINE]
        picture = {"media": media, "url": "" if media else address, "alt": alt}
        picture["decorative"] = "alt" in element.attributes and not alt
        blank: dict[str, Any] = {"dark_media": None, "embed": False}
        self._stack(inherited).add(
            "image",
            picture=blank | picture,
            link=inherited.link,
            align=inherited.align,
            width=width if width in _PICTURE_WIDTHS and not is_share else None,
        )

    def _list(self, element: Element, inherited: Look) -> None:
        if element.has_code or not self._is_text(element):
            self.keep([element], inherited)
        elif html := listing(self._tree, element):
            self._rich(html, inherited)

    def _is_text(self, element: Element) -> bool:
        return not element.has_code and not element.has("img", "table", "hr", "pre", "dl")

    def _paragraphs(self, element: Element) -> str:
        """The words of a quotation, whatever they stand in."""
        parts: list[str] = []
        line: list[Node] = []
        for node in [*element.children, Element("p")]:
            if is_inline(node):
                line.append(node)
                continue
            parts.append(paragraph(self._tree, line))
            line.clear()
            if isinstance(node, Element) and node.tag in ("ul", "ol"):
                parts.append(listing(self._tree, node))
            elif isinstance(node, Element):
                parts.append(paragraph(self._tree, node.children))
        return "".join(parts)

    def _table(self, table: Element, inherited: Look) -> None:
        if not tables.is_simple(table):
            self.keep([table], inherited)
            return
        if figures := tables.figures_of(table, self._tree):
            head, rows = figures
            self._stack(inherited).add("table", head=head, rows=rows)
            return
        rows_ = tables.rows_of(table)
        most = 1 if self._side is not None else tables.MOST_COLUMNS
        if any(len(row) > most for row in rows_):
            self.keep([table], inherited)
            return
        for row in rows_:
            if len(row) == 1:
                self._cell(row[0], inherited)
            elif row:
                self._row(row, inherited)

    def _cell(self, cell: Element, inherited: Look) -> None:
        inside = inherited.inside(cell)
        link = _only_link(cell)
        if link is not None and inside.ground != inherited.ground and not cell.has_code:
            self._button(link, cell, inherited)
        elif self._side is not None:  # a ground of its own has a column, no cell in it
            self.flow(cell.children, replace(inside, ground=inherited.ground))
        elif row := tables.beside(cell):
            self._row(row, inside)
        else:
            self.flow(cell.children, inside)

    def _row(self, cells: list[Element], inherited: Look) -> None:
        """A section with a column for each of these; in a column, HTML as it is."""
        if self._side is not None:
            self.keep([*cells], inherited)
            return
        columns = []
        for cell, width in zip(cells, shares([width_of(one) for one in cells]), strict=True):
            stack = Stack(self.body.report)
            side = _Reader(self._tree, self.body, self._library, stack)
            side._cell(cell, inherited)
            self.button = self.button if self.button[0] else side.button
            columns.append((width, stack))
        self._begun = True
        self.body.row(columns, inherited.ground)


def _elements(nodes: list[Node]) -> list[Node]:
    """The nodes without code."""
    return [one for one in nodes if isinstance(one, str | Element)]


def _without(nodes: list[Node], elements: list[Element]) -> list[Node]:
    """A copy of the nodes in which these elements are not."""
    kept: list[Node] = []
    for node in nodes:
        if not isinstance(node, Element):
            kept.append(node)
        elif not any(node is one for one in elements):
            kept.append(Element(node.tag, node.attributes, _without(node.children, elements)))
    return kept


def _only_link(element: Element) -> Element | None:
    """The link that is all that this element holds, in whatever it stands."""
    inner = element
    while True:
        children = [one for one in inner.children if not is_blank([one])]
        if len(children) != 1 or not isinstance(children[0], Element):
            return None
        inner = children[0]
        if inner.tag == "a":
            return inner if inner.children and all(map(is_inline, inner.children)) else None


def _is_shown(address: str) -> bool:
    """True for an address that a picture may have in a letter."""
    return is_link(address) and address.startswith(("https://", "http://", "{{"))


def _theme(source: str, button: tuple[str, str]) -> dict[str, Any]:
    """The colours of the page and of the buttons; without its own it is in its owner's look."""
    own: dict[str, str] = {}
    body = _BODY.search(source)
    if body and (page := _page_colour(body[0])):
        own["page"] = page
    if button[0]:
        own |= {"button": button[0], "button_text": button[1]}
    if not own:
        return {"follows_brand": True}
    light = Palette().model_copy(update=own)
    dark = dark_of(light)
    return {"light": light.model_dump(mode="json"), "dark": dark.model_dump(mode="json")}


def _page_colour(tag: str) -> str:
    style = re.search(r"""background(?:-color)?\s*:\s*([^;"']+)""", tag, re.IGNORECASE)
    attribute = re.search(r"""bgcolor\s*=\s*["']?([#\w]+)""", tag, re.IGNORECASE)
    found = style or attribute
    return hex_of(found[1]) if found else ""
