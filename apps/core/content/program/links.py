"""The links of a letter: each is found once, numbered, and may become another one.

The links of blocks are parts already; in HTML they stand in ``href``, in a text as they are read.
``Walk`` is the one place where something is added to them. Numbers count from 1 in the order of the
HTML; a link of the text has the number of the same one in the HTML. Links to unsubscribe, to
preferences and to the page in the browser are a recipient's own: they have no number and stay as
they are, as all do that are no web address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from apps.core.content.html_contexts import PlaceFinder
from apps.core.content.program.link_labels import FAR, is_off, label_in
from apps.core.content.program.liquid_blocks import stretches
from apps.core.content.program.parts import Each, Fragment, Link, Part, Placeholder, Program, When
from apps.core.content.program.queries import MARK, is_web
from apps.core.content.template_language import OUTPUT, TEXT

_OWN: Final = re.compile(r"\b(?:unsubscribe|preferences|view)_url\b")
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
_REST: Final = re.compile(r"[^\s<>\"']*")
#: What ends the sentence around an address; a bracket does that the address has not opened.
_BEHIND: Final = ".,;:!?)]}»”"
_BRACKETS: Final = {")": "(", "]": "[", "}": "{"}
#: What leads somewhere when it is clicked; beside these, the shapes that Outlook draws.
_LINKS: Final = frozenset(("a", "area"))


@dataclass(frozen=True, slots=True)
class Found:
    """A link: its address as the letter has it, escaped for where it stands.

    ``kept``: its number among the links of the document, where it is one of a block. ``label``:
    what a reader sees of it. ``is_off``: it says that it is not to be tracked; ``is_inside``: it
    stands in a repeat or in Liquid.
    """

    number: int
    parts: tuple[Part, ...]
    kept: int = 0
    label: str = ""
    is_off: bool = False
    is_inside: bool = False

    @property
    def address(self) -> str:
        """As it is written, with its placeholders."""
        return source_of(self.parts)


#: What becomes of a link: its parts, or those of another one.
Change = Callable[[Found], Sequence[Part]]


@dataclass(frozen=True, slots=True)
class _Code:
    """A stretch of Liquid that writes nothing, or something that is not known."""

    source: str
    text: str = ""


class Walk:
    """Walks through the bodies of one letter, the HTML first."""

    def __init__(self) -> None:
        self.found: list[Found] = []
        self._numbers: dict[int | str, int] = {}

    def html(self, program: Program, change: Change) -> Program:
        """The HTML with its links changed."""
        return replace(program, parts=_HtmlLinks(self, change).parts(program.parts))

    def text(self, program: Program, change: Change) -> Program:
        """The plain text with its links changed."""
        return replace(program, parts=_TextLinks(self, change).parts(program.parts))

    def number(self, parts: tuple[Part, ...], kept: int, *, again: bool) -> Found | None:
        """The link with its number; None for what is none. ``again``: it may have one already."""
        if not _is_link(parts):
            return None
        key = kept or source_of(parts).strip().replace("&amp;", "&")
        number = self._numbers.get(key, 0) if again or kept else 0
        found = Found(number or len(self.found) + 1, parts, kept)
        if not number:
            self.found.append(found)
            self._numbers.setdefault(key, found.number)
        return found


def source_of(parts: Sequence[Part | _Code]) -> str:
    """Parts as they were written; of a link whose beginning is known later, with a mark behind."""
    return "".join(_source(part) for part in parts)


def _source(part: Part | _Code) -> str:
    match part:
        case str():
            return part
        case Placeholder(source=source) | Fragment(source=source) | _Code(source=source):
            return source
        case Link(parts=inner, query=query):
            return source_of(inner) + (MARK if query else "")
    return ""


def _is_link(parts: tuple[Part, ...]) -> bool:
    """True for a web address, and for one whose beginning is known for each recipient only."""
    if not all(isinstance(part, (str, Placeholder)) for part in parts):
        return False
    if _OWN.search(source_of(parts)):
        return False
    return is_web(parts) or isinstance(next(iter(parts), None), Placeholder)


class _Links:
    """What both bodies have in common: the parts around the links."""

    again = False

    def __init__(self, walk: Walk, change: Change) -> None:
        self._walk, self._change = walk, change
        self._open: list[Part] | None = None  # the address that is being read
        self._inside = 0  # how many repeats and fragments are around it
        self._before, self._behind = "", ""  # what surrounds it

    def parts(self, parts: Sequence[Part]) -> tuple[Part, ...]:
        return tuple(part for part in self._all(parts) if not isinstance(part, _Code))

    def _all(self, parts: Sequence[Part | _Code]) -> list[Part | _Code]:
        made: list[Part | _Code] = []
        for at, part in enumerate(parts):
            self._behind = source_of(parts[at + 1 : at + 6])[:FAR]
            match part:
                case str():
                    self._literal(part, made)
                case Placeholder():
                    self._add(part, made)
                case Link(number, inner):
                    self._leave(made)
                    made += self._changed(inner, number)
                case When(condition, inner):
                    self._leave(made)
                    made.append(When(condition, self.parts(inner)))
                case Each():
                    self._leave(made)
                    self._inside += 1
                    inner, empty = self.parts(part.parts), self.parts(part.empty)
                    self._inside -= 1
                    made.append(replace(part, parts=inner, empty=empty))
                case Fragment():
                    self._leave(made)
                    made.append(self._fragment(part))
                case _Code(text=text):
                    self._leave(made)
                    self._pass(text)
                    made.append(part)
        self._end(made)
        return made

    def _literal(self, text: str, made: list[Part | _Code]) -> None:
        raise NotImplementedError

    def _pass(self, text: str) -> None:
        """Go on over a text in which no link is changed."""

    def _end(self, made: list[Part | _Code]) -> None:
        """The parts of this level are over."""
        self._leave(made)

    def _add(self, part: str | Placeholder, made: list[Part | _Code]) -> None:
        """To the address that is being read, or to what stands around the links."""
        if part and self._open is not None:
            self._open.append(part)
        elif part:
            made.append(part)

    def _leave(self, made: list[Part | _Code]) -> None:
        """What was read of an address stays as it is: nobody knows how it goes on."""
        made += self._open or ()
        self._open = None

    def _changed(self, parts: Sequence[Part], kept: int = 0) -> Sequence[Part]:
        whole = tuple(part for part in parts if part != "")
        found = self._walk.number(whole, kept, again=self.again)
        return whole if found is None else self._change(self._described(found))

    def _described(self, found: Found) -> Found:
        """The link with what stands around it."""
        return replace(found, is_inside=bool(self._inside))

    def _fragment(self, part: Fragment) -> Fragment:
        """The same in a source of Liquid, in each of its branches."""
        self._inside += 1
        made = self._all([*_pieces(part.source)])
        self._inside -= 1
        query = next((one.query for one in made if isinstance(one, Link) and one.query), ())
        source = source_of(made)
        return part if source == part.source else replace(part, source=source, query=query)


def _pieces(source: str) -> Iterator[Part | _Code]:
    for stretch in stretches(source):
        if stretch.kind == OUTPUT and not stretch.trims:
            yield Placeholder(stretch.source)
        elif stretch.kind == TEXT and stretch.text == stretch.source:
            yield stretch.source
        else:
            yield _Code(stretch.source, stretch.text if stretch.kind == TEXT else "")


class _HtmlLinks(_Links):
    def __init__(self, walk: Walk, change: Change) -> None:
        super().__init__(walk, change)
        self._finder = _Hrefs()

    def _literal(self, text: str, made: list[Part | _Code]) -> None:
        at, behind = 0, self._behind
        for position, begins in self._marks(text):
            self._add(text[at:position], made)
            at = position
            if begins:
                self._open = []
                self._before = text[max(position - FAR, 0) : position]
            elif self._open is not None:
                self._behind = text[position : position + FAR] + behind
                made += self._changed(self._open)
                self._open = None
        self._add(text[at:], made)

    def _described(self, found: Found) -> Found:
        off = is_off(self._before, self._behind) if not found.kept else False
        label = label_in(self._behind)
        return replace(super()._described(found), label=label, is_off=off)

    def _pass(self, text: str) -> None:
        self._marks(text)

    def _marks(self, text: str) -> list[tuple[int, bool]]:
        self._finder.marks = []
        self._finder.go_on(text)
        return self._finder.marks


class _Hrefs(PlaceFinder):
    """``marks``: where in what was read the addresses of links begin, and where they end."""

    def __init__(self) -> None:
        super().__init__()
        self.marks: list[tuple[int, bool]] = []

    @property
    def _leads(self) -> bool:
        element = self._element
        return self._attribute == "href" and (element in _LINKS or element.startswith("v:"))

    def _tag(self, literal: str, position: int) -> int:
        end = super()._tag(literal, position)
        if self._state == self._value and self._leads:
            self.marks.append((end, True))
        return end

    def _value(self, literal: str, position: int) -> int:
        end = super()._value(literal, position)
        if self._state == self._tag and self._leads:
            self.marks.append((end - 1, False))
        return end


class _TextLinks(_Links):
    """A text: an address goes on to the next blank, and does not take what ends its sentence."""

    again = True

    def _literal(self, text: str, made: list[Part | _Code]) -> None:
        at = 0
        if self._open is not None:
            at = self._go_on(text, 0, made)
        while self._open is None and (begun := _ADDRESS.search(text, at)):
            self._add(text[at : begun.start()], made)
            self._open = []
            at = self._go_on(text, begun.start(), made)
        if self._open is None:
            self._add(text[at:], made)

    def _go_on(self, text: str, at: int, made: list[Part | _Code]) -> int:
        """Read on in the open address, which is closed if it ends in this text."""
        rest = _REST.match(text, at)
        end = rest.end() if rest is not None else at
        if end == len(text):  # a placeholder may follow
            self._add(text[at:], made)
            return end
        stop = at + self._length(text[at:end])
        self._add(text[at:stop], made)
        self._close(made)
        return stop

    def _length(self, rest: str) -> int:
        """How much of what goes on with the open address is still the address."""
        begun = source_of(self._open or ())
        opened = {
            closing: sum(part.count(opening) - part.count(closing) for part in (begun, rest))
            for closing, opening in _BRACKETS.items()
        }
        length = len(rest)
        while length and (last := rest[length - 1]) in _BEHIND and opened.get(last, -1) < 0:
            if last in opened:
                opened[last] += 1
            length -= 1
        return length

    def _close(self, made: list[Part | _Code]) -> None:
        made += self._changed(self._open or ())
        self._open = None

    def _end(self, made: list[Part | _Code]) -> None:
        """The end of the text ends an address as well."""
        if self._open is None:
            return
        last = self._open[-1] if self._open else ""
        behind = ""
        if isinstance(last, str):
            self._open.pop()
            length = self._length(last)
            behind = last[length:]
            self._open += [last[:length]] if length else []
        self._close(made)
        self._add(behind, made)
