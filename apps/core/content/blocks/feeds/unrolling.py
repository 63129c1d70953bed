"""Repeats of the feed become the blocks of its items, before a run's letter is compiled.

So each item's links are links of their own, and each picture is one of the library. A block of
which an item has nothing is left out: the picture of an item without one, a button without a link.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from apps.core.content.blocks.document import Column, Document, Section, sections
from apps.core.content.blocks.feeds.entry import FeedEntry
from apps.core.content.blocks.feeds.words import (
    fragment_with,
    line_with,
    link_with,
    rich_with,
    sealed,
)
from apps.core.content.blocks.schema import (
    Button,
    Heading,
    Html,
    Image,
    Repeat,
    Text,
    Unrolled,
    Video,
)
from apps.core.content.blocks.values import Picture, Strict
from apps.core.content.template_language import ITEM, TemplateRefused

#: What a repeat of the feed names as its list.
SOURCE: Final = "feed"
_RICH: Final = frozenset(["html"])
_LINKS: Final = frozenset(["link", "url"])
_IMAGE: Final = f"{ITEM}.image"


def feed_repeats(document: Document) -> Iterator[Repeat]:
    """The repeats that show the mailing's feed."""
    for section in sections(document):
        for column in section.columns:
            for block in column.blocks:
                if isinstance(block, Repeat) and block.source == SOURCE:
                    yield block


def most_shown(document: Document) -> int:
    """So many items the letter shows at most; 0: it shows no feed."""
    return max((repeat.limit for repeat in feed_repeats(document)), default=0)


def unrolled(document: Document, entries: Sequence[FeedEntry]) -> Document:
    """The document with the items in the places of its repeats of the feed.

    Raises TemplateRefused for a block of HTML that asks more of an item than its words.
    """
    if not any(feed_repeats(document)):
        return document
    body = tuple(
        _section(part, entries) if isinstance(part, Section) else part for part in document.body
    )
    return document.model_copy(update={"body": body})


def _section(section: Section, entries: Sequence[FeedEntry]) -> Section:
    columns = tuple(_column(column, entries) for column in section.columns)
    return section.model_copy(update={"columns": columns})


def _column(column: Column, entries: Sequence[FeedEntry]) -> Column:
    blocks = tuple(
        _repeat(one, entries) if isinstance(one, Repeat) and one.source == SOURCE else one
        for one in column.blocks
    )
    return column.model_copy(update={"blocks": blocks})


def _repeat(repeat: Repeat, entries: Sequence[FeedEntry]) -> Unrolled:
    made = [
        block
        for entry in entries[: repeat.limit]
        for one in repeat.blocks
        if _has_something(block := _block(one, entry))
    ]
    values = {name: getattr(repeat, name) for name in type(repeat).model_fields}
    return Unrolled.model_construct(**{**values, "blocks": tuple(made)})


def _block(block: Any, entry: FeedEntry) -> Any:
    try:
        return _filled(block, entry)
    except TemplateRefused as refusal:
        raise refusal.within(block.id) from refusal


def _filled(node: Strict, entry: FeedEntry) -> Any:
    changes = {}
    for name in type(node).model_fields:
        value = getattr(node, name)
        if (new := _value(node, name, value, entry)) is not value:
            changes[name] = new
    return node.model_copy(update=changes) if changes else node


def _value(node: Strict, name: str, value: Any, entry: FeedEntry) -> Any:
    if isinstance(value, str):
        return _text_with(node, name, value, entry) if "{" in value else value
    if isinstance(value, Picture):
        return _picture(node, value, entry)
    if isinstance(value, Strict) and name != "visibility":
        return _filled(value, entry)
    if isinstance(value, tuple) and any(isinstance(one, (str, tuple, Strict)) for one in value):
        return tuple(_value(node, name, one, entry) for one in value)
    return value


def _text_with(node: Strict, name: str, value: str, entry: FeedEntry) -> str:
    if isinstance(node, Html) and name == "source":
        return fragment_with(value, entry)
    if name in _RICH:
        return rich_with(value, entry)
    return link_with(value, entry) if name in _LINKS else line_with(value, entry)


def _picture(node: Strict, picture: Picture, entry: FeedEntry) -> Picture | None:
    """The item's picture is one of the library, with all that the library does for it."""
    alt = line_with(picture.alt, entry)
    if _IMAGE in picture.url:
        alt = alt or sealed(entry.title)
        made = picture.model_copy(update={"alt": alt, "url": "", "media": entry.media})
    else:
        made = picture.model_copy(update={"alt": alt, "url": link_with(picture.url, entry)})
    gone = picture.url and not made.url and made.media is None
    return None if gone and not isinstance(node, (Image, Video)) else made


def _has_something(block: Any) -> bool:
    match block:
        case Heading():
            return bool(block.text.strip())
        case Text():
            return bool(block.html.strip())
        case Button():
            return bool(block.link)
        case Image() | Video():
            return block.picture.media is not None or bool(block.picture.url)
    return True
