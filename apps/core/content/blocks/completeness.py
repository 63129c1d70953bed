"""What a document lacks before it may be sent."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from typing import Any

from apps.core.content.blocks.document import Document, Saved, walk
from apps.core.content.blocks.fragments import checked, parsed
from apps.core.content.blocks.links import PLACEHOLDER
from apps.core.content.blocks.schema import (
    Button,
    Entry,
    Footer,
    Heading,
    Html,
    Image,
    Item,
    Network,
    Repeat,
    Video,
)
from apps.core.content.blocks.values import Picture
from apps.core.content.template_language import TemplateRefused


@dataclass(frozen=True, slots=True)
class ContentGap:
    """What a block lacks before it may be sent. ``code`` is stable and stands in docs/errors.md."""

    block: str
    code: str


def complete(document: Document, among: Container[str] | None = None) -> list[ContentGap]:
    """Everything that is missing, in the order of reading; empty when it may be sent.

    Saved blocks have been put in before: one that is left does not exist any more. ``among``: the
    ids of the parts that are looked at, beside the letter as a whole.
    """
    gaps: list[ContentGap] = []
    footers = 0
    for node in walk(document):
        footers += isinstance(node, Footer)
        if among is None or node.id in among:
            gaps += [ContentGap(node.id, code) for code in _lacks(node)]
    if not footers:
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
    if isinstance(node, Video) and not node.link:
        yield "video_link_missing"
    if any(_is_broken(text) for text in _texts(node)):
        yield "placeholder_broken"
    if isinstance(node, Image | Video) and node.picture.media is None and not node.picture.url:
        yield "picture_missing"
    if isinstance(node, Repeat) and not node.source:
        yield "repeat_source_missing"
    if isinstance(node, Footer) and not (node.company.strip() and node.address.strip()):
        yield "footer_address_missing"
    if isinstance(node, Html):
        yield from _refusal(node.source)
    if isinstance(node, Saved):
        yield "saved_block_gone"
    for picture in _pictures(node):
        if (picture.media or picture.url) and not picture.decorative and not picture.alt.strip():
            yield "alt_missing"


def _refusal(source: str) -> Iterator[str]:
    """The code of what is wrong with a fragment of HTML."""
    try:
        checked(source)
    except TemplateRefused as refusal:
        yield refusal.code


def _texts(node: Any) -> Iterator[str]:
    """Every text and address of a node that placeholders may stand in."""
    if isinstance(node, Html):
        return
    for name in type(node).model_fields:
        value = getattr(node, name)
        if isinstance(value, str):
            yield value
        elif isinstance(value, Picture | Item | Entry | Network):
            yield from _texts(value)
        elif isinstance(value, tuple) and name != "blocks":
            yield from _of_all(value)


def _of_all(values: tuple[Any, ...]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple):
            yield from _of_all(value)
        elif isinstance(value, Item | Entry | Network):
            yield from _texts(value)


def _is_broken(text: str) -> bool:
    """True if a placeholder in it is not closed, is no placeholder, or is logic."""
    if "{{" not in text and "{%" not in text and "}}" not in text:
        return False
    rest = PLACEHOLDER.sub("", text)
    if "{{" in rest or "}}" in rest or "{%" in rest:
        return True
    return any(not _is_understood(unescape(code)) for code in PLACEHOLDER.findall(text))


@lru_cache(maxsize=512)
def _is_understood(code: str) -> bool:
    try:
        parsed(code)
    except TemplateRefused:
        return False
    return True


def _pictures(node: Any) -> Iterator[Picture]:
    for name in ("picture", "logo", "backdrop"):
        if getattr(node, name, None) is not None:
            yield getattr(node, name)
    for item in getattr(node, "items", ()):
        if item.picture is not None:
            yield item.picture
