"""The pictures of a library that a document names, wherever they stand in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

#: The keys that name one.
MEDIA_KEYS: Final = ("media", "dark_media")


def media_in(node: object) -> Iterator[int]:
    """The number of each, in the order of reading, at any depth."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in MEDIA_KEYS and isinstance(value, int) and not isinstance(value, bool):
                yield value
            else:
                yield from media_in(value)
    elif isinstance(node, list | tuple):
        for one in node:
            yield from media_in(one)
