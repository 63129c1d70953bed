"""Where a condition, a repeat or a fragment may begin and end: between tags, with nothing open.

Who does not get what is inside must get a whole letter all the same, and a value that follows
must stand where it was thought to stand. It is the one judgement of that: a block of HTML is read
by it when it is written (apps.core.content.blocks.fragments), a program when it is made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from apps.core.content.html_contexts import Place, PlaceFinder, TemplatePlace, no_place
from apps.core.content.html_nesting import MAX_DEPTH
from apps.core.content.html_text import VOID
from apps.core.content.program.liquid_blocks import BEGINNINGS, ENDS, stretches
from apps.core.content.template_language import OUTPUT, TAG, TEXT
from apps.core.errors import gettext_noop

#: Elements whose end tag may be left out.
_OPTIONAL: Final = frozenset(
    "p li dt dd option optgroup td th tr tbody thead tfoot colgroup".split()
)
_BETWEEN: Final = gettext_noop("a tag or a comment is not closed.")
_LEFT_OPEN: Final = gettext_noop("it opens an element that it does not close.")
_NOT_OPENED: Final = gettext_noop("it closes an element that it has not opened.")
_TOO_DEEP: Final = gettext_noop("its elements stand too deep in each other.")
_BRANCHES: Final = frozenset("else elsif when".split())


class NotClosed(TemplatePlace):
    """A condition, a repeat or a fragment begins or ends inside a tag, or leaves one open."""

    code = "template_place"


class SafePlaces(PlaceFinder):
    """Finds places, and refuses blocks that are not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.line = 1
        self._open: list[str] = []
        self._names = Counter[str]()
        self._floors: list[int] = []  # how many elements were open where each block began

    def go_on(self, literal: str) -> None:
        self.line += literal.count("\n")
        super().go_on(literal)

    def value(self) -> Place:
        """The place of the value that stands here. Raises TemplatePlace where none may stand."""
        place = super().value()
        if place is Place.NOWHERE:
            raise no_place(self.line)
        return place

    @contextmanager
    def block(self) -> Iterator[None]:
        """What is read inside begins and ends between tags, and closes what it opens."""
        self._require(self.is_between_tags, _BETWEEN)
        self._floors.append(len(self._open))
        yield
        floor = self._floors.pop()
        while len(self._open) > floor and self._open[-1] in _OPTIONAL:
            self._close(len(self._open) - 1)
        self._require(self.is_between_tags, _BETWEEN)
        self._require(len(self._open) == floor, _LEFT_OPEN)

    def fragment(self, source: str) -> None:
        """Read a fragment of Liquid: each of its branches leaves the place as it found it."""
        begun: list[object] = []
        loops: list[object] = []
        with self.block():
            for stretch in stretches(source):
                if stretch.kind == TEXT:
                    self.go_on(stretch.text)
                elif stretch.kind == OUTPUT or stretch.name == "echo":
                    self.value()
                elif stretch.kind == TAG:
                    self._tag_of(stretch.name, begun, loops)

    def element_begins(self, name: str) -> None:
        if name in VOID:
            return
        self._open.append(name)
        self._names[name] += 1
        if self._floors:
            self._require(len(self._open) - self._floors[-1] <= MAX_DEPTH, _TOO_DEEP)

    def element_ends(self, name: str) -> None:
        """In linear time over a whole document: what is searched is closed, or it is all over."""
        if name in VOID:
            return
        floor = self._floors[-1] if self._floors else 0
        for at in range(len(self._open) - 1, floor - 1, -1) if self._names[name] else ():
            if self._open[at] == name:
                self._close(at)
                return
            if self._floors and self._open[at] not in _OPTIONAL:
                break
        self._require(not self._floors, _NOT_OPENED)

    def _close(self, at: int) -> None:
        self._names.subtract(self._open[at:])
        del self._open[at:]

    def _tag_of(self, name: str, begun: list[object], loops: list[object]) -> None:
        inside = self._open[self._floors[-1] :]
        here = (self.standing, [one for one in inside if one not in _OPTIONAL])
        if name in BEGINNINGS:
            begun.append(here)
            if name == "for":
                loops.append(here)
        elif name in _BRANCHES:
            self._require(begun[-1:] == [here], _LEFT_OPEN)
        elif name in ENDS:
            self._require(begun[-1:] == [here], _LEFT_OPEN)
            begun.pop()
            if name == "endfor":
                loops.pop()
        elif name != "assign":
            self._require(loops[-1:] == [here], _LEFT_OPEN)

    def _require(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise NotClosed(otherwise, self.line)
