"""The sections that a letter becomes, block by block, and what is said of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from apps.core.content.blocks.document import SCHEMA
from apps.core.content.blocks.editing import places
from apps.core.content.blocks.editing.places import Node
from apps.core.content.blocks.editing.storing import stored
from apps.core.content.blocks.errors import DocumentTooBig
from apps.core.content.blocks.values import MAX_RICH, Theme
from apps.core.errors import gettext_noop

#: A text block ends before that, so that what its cleaning adds still fits.
_LONGEST_TEXT: Final = MAX_RICH * 3 // 4
_LONGEST_HTML: Final = 100_000


@dataclass(slots=True)
class Report:
    """``blocks`` were made, of which ``kept`` are HTML as it was; ``left_out`` by its kind.

    Kinds: ``hidden``, ``pixel`` (a picture that nobody sees), ``picture`` (one without an address).
    """

    blocks: int = 0
    kept: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of a text or of HTML: a document, and what stands before it in lists."""

    document: dict[str, Any]
    report: Report
    preheader: str = ""
    title: str = ""


class Stack:
    """Blocks one below the other, texts of one style in one block."""

    def __init__(self, report: Report) -> None:
        self.blocks: list[Node] = []
        self._report = report

    def add(self, kind: str, **values: Any) -> None:
        """A block of this kind."""
        self._report.blocks += 1
        self.blocks.append(places.new_node(kind) | values)

    def text(self, html: str, **style: Any) -> None:
        """Rich text, behind that which is there when it looks the same."""
        last = self.blocks[-1] if self.blocks else {}
        same = last.get("type") == "text" and all(last[name] == style[name] for name in style)
        if same and len(last["html"]) + len(html) <= _LONGEST_TEXT:
            last["html"] += html
        else:
            self.add("text", html=html, **style)

    def keep(self, source: str) -> None:
        """HTML as it is. Raises DocumentTooBig."""
        if len(source) > _LONGEST_HTML:
            text = gettext_noop(
                "A part of the HTML that has no blocks is longer than %(limit)d kB."
            )
            raise DocumentTooBig(text, limit=_LONGEST_HTML // 1000)
        self._report.kept += 1
        self.add("html", source=source)


class Body:
    """The sections of a letter: one for each run of blocks on one ground, one for each row."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self._sections: list[Node] = []
        self._ground: str | None = None
        self._stack: Stack | None = None

    def stack(self, ground: str) -> Stack:
        """Where a block on this ground is added."""
        if self._stack is None or self._ground != ground:
            self.end()
            self._stack, self._ground = Stack(self.report), ground
        return self._stack

    def row(self, columns: list[tuple[int, Stack]], ground: str) -> None:
        """A section of columns, each so many percent wide."""
        self.end()
        section = places.new_node("section") | {"background": ground}
        section["columns"] = [
            places.new_column(width) | {"blocks": stack.blocks} for width, stack in columns
        ]
        self._sections.append(section)

    def end(self) -> None:
        """End the section that is being written."""
        if self._stack is not None and self._stack.blocks:
            section = places.new_node("section") | {"background": self._ground}
            section["columns"][0]["blocks"] = self._stack.blocks
            self._sections.append(section)
        self._stack = None

    def document(self, theme: dict[str, Any] | None = None) -> dict[str, Any]:
        """The letter with a footer, in which its law-abiding links are. Raises DocumentTooBig."""
        self.end()
        made = Theme().model_dump(mode="json") | (theme or {})
        letter: Node = {"schema": SCHEMA, "theme": made, "body": self._sections}
        return stored(places.with_footer(letter))
