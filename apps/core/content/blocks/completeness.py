"""What a document lacks before it may be sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from apps.core.content.blocks.document import Document, Saved, walk
from apps.core.content.blocks.schema import Button, Footer, Heading, Image, Repeat
from apps.core.content.blocks.values import Picture


@dataclass(frozen=True, slots=True)
class ContentGap:
    """What a block lacks before it may be sent. ``code`` is stable and stands in docs/errors.md."""

    block: str
    code: str


def complete(document: Document) -> list[ContentGap]:
    """Everything that is missing, in the order of reading; empty when it may be sent."""
    gaps: list[ContentGap] = []
    footers = saved = 0
    for node in walk(document):
        saved += isinstance(node, Saved)  # judged when the saved block is put in
        footers += isinstance(node, Footer)
        gaps += [ContentGap(node.id, code) for code in _lacks(node)]
    if not footers and not saved:
        gaps.append(ContentGap("", "footer_missing"))
    return gaps


def _lacks(node: Any) -> Iterator[str]:
    if isinstance(node, Button):
        if not node.label.strip():
            yield "button_label_missing"
        if not node.link:
            yield "button_link_missing"
    if isinstance(node, Heading) and not node.text.strip():
        yield "heading_empty"
    if isinstance(node, Image) and node.picture.media is None and not node.picture.url:
        yield "picture_missing"
    if isinstance(node, Repeat) and not node.source:
        yield "repeat_source_missing"
    if isinstance(node, Footer) and not (node.company.strip() and node.address.strip()):
        yield "footer_address_missing"
    for picture in _pictures(node):
        if (picture.media or picture.url) and not picture.decorative and not picture.alt.strip():
            yield "alt_missing"


def _pictures(node: Any) -> Iterator[Picture]:
    for name in ("picture", "logo", "backdrop"):
        if getattr(node, name, None) is not None:
            yield getattr(node, name)
    for item in getattr(node, "items", ()):
        if item.picture is not None:
            yield item.picture
