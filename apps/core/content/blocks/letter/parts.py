"""What a compiled letter is made of: plain JSON, which a program of the letter is read from.

``"literal"``, ``{"placeholder": source}``, ``{"href": n, "parts"}``, ``{"if": n, "parts"}``,
``{"each": list, "limit", "parts", "empty"}``, ``{"liquid": source}``. A condition is an index into
the table that goes with the parts, a link its number in the other one, from 1.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from apps.core.content.blocks.completeness import ContentGap
from apps.core.content.blocks.links import PLACEHOLDER

Part = str | dict[str, Any]

#: Addresses that the letter gets for each recipient: never counted, never given UTM.
UNSUBSCRIBE: Final = "{{ unsubscribe_url }}"
PREFERENCES: Final = "{{ preferences_url }}"
VIEW: Final = "{{ view_url }}"


@dataclass(frozen=True, slots=True)
class LetterLink:
    """The link of this number, from 1: its address, and the block that it stands in."""

    address: str
    block: str


@dataclass(frozen=True, slots=True)
class LetterPicture:
    """A picture of the library in the letter, as wide in pixels as it is asked for."""

    media: int
    width: int
    address: str
    embed: bool = False  # travels inside the letter, ``address`` is its cid:


@dataclass(frozen=True, slots=True)
class CompiledLetter:
    """A document as parts. ``conditions`` are dumped Visibilities in the order of their numbers."""

    html: list[Part]
    text: list[Part]
    conditions: list[dict[str, Any]]
    links: list[LetterLink]
    pictures: list[LetterPicture]
    warnings: list[ContentGap]


class PartWriter:
    """A list of parts that is being written; neighbouring literals become one."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._literals: list[str] = []

    def raw(self, source: str) -> None:
        """What is written as it stands."""
        self._literals.append(source)

    def part(self, part: Part) -> None:
        if self._literals:
            self._parts.append("".join(self._literals))
            self._literals.clear()
        self._parts.append(part)

    def extend(self, parts: Iterable[Part]) -> None:
        for part in parts:
            if isinstance(part, str):
                self._literals.append(part)
            else:
                self.part(part)

    def each(
        self, source: str, limit: int, items: PartWriter, empty: PartWriter | None = None
    ) -> None:
        """``items`` once for each of a list field; of a field that is not chosen yet, nothing."""
        nothing = empty.parts() if empty is not None else []
        if source:
            parts = items.parts()
            self.part({"each": source, "limit": limit, "parts": parts, "empty": nothing})
        else:
            self.extend(nothing)

    def pieces(self, source: str, code: Callable[[str], str] = str) -> Iterator[str]:
        """The words of the source, one by one; its placeholders are written between them.

        ``code`` makes of a placeholder what the template language reads.
        """
        if "{{" not in source:
            yield source
            return
        position = 0
        for found in PLACEHOLDER.finditer(source):
            yield source[position : found.start()]
            self.part({"placeholder": code(found.group())})
            position = found.end()
        yield source[position:]

    def parts(self) -> list[Part]:
        """What has been written."""
        if self._literals:
            self._parts.append("".join(self._literals))
            self._literals.clear()
        return self._parts


def escaped(text: str) -> str:
    """A literal for HTML text and for quoted attributes."""
    return html.escape(text)
