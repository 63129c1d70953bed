"""Running text as the rich text of a block: paragraphs, lists, marks and links."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator
from typing import Final

from apps.core.content.blocks.converting.tree import Code, Element, Node, Tree
from apps.core.content.blocks.links import is_link

#: What stands in a line, and may have marks of its own in a text.
INLINE: Final = frozenset(
    "a abbr acronym b bdi bdo big br cite code data del dfn em font i ins kbd mark q rp rt ruby s"
    " samp small span strike strong sub sup time tt u var wbr".split()
)
_MARKS: Final = {
    **{"b": "strong", "strong": "strong", "i": "em", "em": "em", "cite": "em", "dfn": "em"},
    **{"u": "u", "ins": "u", "s": "s", "strike": "s", "del": "s", "sub": "sub", "sup": "sup"},
}
_SPACES: Final = re.compile(r"[ \t\n\r\f]+")
_BLANKS: Final = re.compile(r"(?:<br>|\s)*")
_QUOTED: Final = re.compile(r"\{\{[^{}']*\}\}")
_BOLD: Final = frozenset({"bold", "bolder", "600", "700", "800", "900"})


def is_inline(node: Node) -> bool:
    """True for text, and for an element that holds nothing but text and code."""
    if not isinstance(node, Element):
        return isinstance(node, str)
    if node.tag not in INLINE or node.is_hidden:
        return False
    return all(isinstance(one, Code) or is_inline(one) for one in node.children)


def is_blank(nodes: list[Node]) -> bool:
    """True when nothing of it is seen."""
    for node in nodes:
        if isinstance(node, str) and node.strip(" \t\r\n\f\u00a0\u200b\u200c\ufeff"):
            return False
        if isinstance(node, Element) and (node.tag == "img" or not is_blank(node.children)):
            return False
        if isinstance(node, Code):
            return False
    return True


def in_address(address: str) -> str:
    """An address between quotation marks, which the code in it does without."""
    return entities.escape(_QUOTED.sub(lambda found: found[0].replace('"', "'"), address))


def inline_html(tree: Tree, nodes: list[Node]) -> str:
    """Running text with its marks and links, and with its code."""
    written = _SPACES.sub(" ", "".join(_inline(tree, nodes)))
    return tree.sealed.opened(re.sub(r" ?<br> ?", "<br>", written)).strip()


def paragraph(tree: Tree, nodes: list[Node]) -> str:
    """Running text as a paragraph; empty for none. Blank lines at its ends are dropped."""
    found = _without_blank_ends(inline_html(tree, nodes))
    return f"<p>{found}</p>" if found else ""


def _without_blank_ends(html: str) -> str:
    start, end = _BLANKS.match(html).end(), len(html)  # type: ignore[union-attr]
    while end > start:
        if html.endswith("<br>", start, end):
            end -= len("<br>")
        elif html[end - 1].isspace():
            end -= 1
        else:
            break
    return html[start:end]


def listing(tree: Tree, element: Element) -> str:
    """A list, and the lists in it."""
    items = "".join(_items(tree, element))
    tag = "ol" if element.tag == "ol" else "ul"
    return f"<{tag}>{items}</{tag}>" if items else ""


def _items(tree: Tree, element: Element) -> Iterator[str]:
    for item in element.children:
        if not isinstance(item, Element):
            continue
        lists = [
            one for one in item.children if isinstance(one, Element) and one.tag in ("ul", "ol")
        ]
        text = inline_html(tree, [one for one in item.children if one not in lists])
        inner = "".join(listing(tree, one) for one in lists)
        if text or inner:
            yield f"<li>{text}{inner}</li>"


def _inline(tree: Tree, nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, str):
            yield entities.escape(node, quote=False)
        elif isinstance(node, Element) and not node.is_hidden:
            if node.tag == "br":
                yield "<br>"
                continue
            before, after = _marks(tree, node)
            yield before
            yield from _inline(tree, node.children)
            yield after
            yield "<br>" if node.tag in ("p", "div") else ""


def _marks(tree: Tree, node: Element) -> tuple[str, str]:
    """What is written before and behind the text of an element."""
    marks = [_MARKS[node.tag]] if node.tag in _MARKS else []
    style = node.style
    if style.get("font-weight") in _BOLD and "strong" not in marks:
        marks.append("strong")
    if style.get("font-style") == "italic" and "em" not in marks:
        marks.append("em")
    if "line-through" in style.get("text-decoration", ""):
        marks.append("s")
    before = "".join(f"<{mark}>" for mark in marks)
    after = "".join(f"</{mark}>" for mark in reversed(marks))
    if node.tag == "a":
        address = tree.address(node, "href")
        if address and is_link(address):
            return f'<a href="{in_address(address)}">{before}', f"{after}</a>"
    return before, after
