"""HTML as a tree, as far as a letter needs it: what a browser would make of it, cleaned."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

import nh3

from apps.core.content.blocks.converting.sealing import SEALED_TAG, Sealed
from apps.core.content.html_text import HIDDEN, VOID, sane_markup
from apps.core.content.rules import refuse_depth

_LAYOUT: Final = {"style", "class", "align", "valign", "width", "height", "bgcolor", "dir"}
ATTRIBUTES: Final = {
    "*": _LAYOUT,
    "a": {"href", "title", "name"},
    "img": {"src", "alt", "border"},
    "table": {"cellpadding", "cellspacing", "border", "role", "background"},
    "td": {"colspan", "rowspan", "background"},
    "th": {"colspan", "rowspan", "scope"},
    "font": {"face", "size", "color"},
    "ol": {"start", "type"},
}
TAGS: Final = nh3.ALLOWED_TAGS | {"font", "center", "big", "main", "section"}
#: Dropped with all that is in them.
DROPPED: Final = {
    *("script", "style", "title", "template", "object", "svg", "noscript", "select", "textarea"),
    *("iframe", "canvas", "audio", "video", "math"),
}
SCHEMES: Final = {"http", "https", "mailto", "tel", "cid"}
_SPACES: Final = re.compile(r"[ \t\n\r\f]+")


@dataclass(frozen=True, slots=True)
class Code:
    """A ``{% … %}`` between elements. ``name``: its first word."""

    source: str
    name: str


@dataclass(slots=True)
class Element:
    """An element, its attributes, its styles, and what is in it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    style: dict[str, str] = field(default_factory=dict)

    @property
    def is_hidden(self) -> bool:
        """True for what no reader is shown, as the lines that only lists of letters show."""
        style = self.attributes.get("style", "")
        return bool(HIDDEN.search(style)) or self.style.get("mso-hide") == "all"

    def walk(self) -> Iterator[Node]:
        """All that is in it, in the order of reading."""
        for child in self.children:
            yield child
            if isinstance(child, Element):
                yield from child.walk()

    def has(self, *tags: str) -> bool:
        """True if there is such an element in it, at any depth."""
        return any(isinstance(one, Element) and one.tag in tags for one in self.walk())

    @property
    def has_code(self) -> bool:
        """True if there is logic in it."""
        return any(isinstance(one, Code) for one in self.walk())


Node = Element | Code | str


@dataclass(frozen=True, slots=True)
class Tree:
    """A source as a tree. ``sealed`` has the placeholders that stand in its texts."""

    root: Element
    sealed: Sealed

    def line(self, nodes: list[Node]) -> str:
        """The text of these nodes in one line, with its placeholders."""
        return self.sealed.opened(plain("".join(_texts(nodes))))

    def address(self, element: Element, name: str) -> str:
        """An attribute with its placeholders."""
        return self.sealed.opened(element.attributes.get(name, "")).strip()

    def source(self, nodes: list[Node]) -> str:
        """The nodes as HTML, with their code."""
        return self.sealed.opened("".join(_written(nodes)))


def tree_of(source: str) -> Tree:
    """The tree of an HTML source with code in it. Raises HtmlTooDeep."""
    refuse_depth(source)
    sealed = Sealed(source)
    cleaned = nh3.clean(
        sane_markup_and_seals(sealed.source),
        tags=TAGS,
        clean_content_tags=DROPPED,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel=None,
        strip_comments=False,
    )
    refuse_depth(cleaned)  # cells without a table, which are no elements any more, ended others
    reader = _Reader(sealed)
    reader.feed(cleaned)
    reader.close()
    return Tree(reader.root, sealed)


def sane_markup_and_seals(source: str) -> str:
    """The source without comments and declarations but for those that are seals."""
    parts = re.split(f"(<!--{SEALED_TAG.pattern}-->)", source)
    # Text, a seal, its number, text, …
    return "".join(
        sane_markup(part) if number % 3 == 0 else part
        for number, part in enumerate(parts)
        if number % 3 != 2
    )


def plain(text: str) -> str:
    """A text in one line."""
    return _SPACES.sub(" ", text).strip(" \u00a0")


def _texts(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, str):
            yield node
        elif isinstance(node, Element) and not node.is_hidden:
            yield " " if node.tag == "br" else ""
            yield from _texts(node.children)


def _written(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, str):
            yield entities.escape(node, quote=False)
        elif isinstance(node, Code):
            yield node.source
        else:
            yield f"<{node.tag}"
            for name, value in node.attributes.items():
                yield f' {name}="{entities.escape(value)}"'
            yield ">"
            if node.tag not in VOID:
                yield from _written(node.children)
                yield f"</{node.tag}>"


class _Reader(HTMLParser):
    """Reads what has been cleaned: every element in it is closed."""

    def __init__(self, sealed: Sealed) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("body")
        self._sealed = sealed
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        made = Element(tag, attributes, style=_style(attributes.get("style", "")))
        self._open[-1].children.append(made)
        if tag not in VOID:
            self._open.append(made)

    def handle_endtag(self, tag: str) -> None:
        if len(self._open) > 1 and self._open[-1].tag == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)

    def handle_comment(self, data: str) -> None:
        if found := SEALED_TAG.fullmatch(data):
            source = self._sealed.codes[int(found[1])]
            name = source[2:-2].strip("- \t\r\n").split(maxsplit=1)
            self._open[-1].children.append(Code(source, name[0] if name else ""))


def _style(source: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in source.split(";"):
        name, _colon, value = part.partition(":")
        if value.strip():
            found[name.strip().lower()] = value.replace("!important", "").strip().lower()
    return found
