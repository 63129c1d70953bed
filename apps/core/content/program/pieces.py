"""Steps written by a channel: what is the same for everybody once, the rest for each recipient.

``Ink`` is how a channel writes: as text, or as bytes in some encoding. A literal is written once, a
value once for each recipient, and nothing else is looked at again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import itemgetter
from typing import AnyStr, Generic

from apps.core.content.program.conditions import Test
from apps.core.content.program.steps import (
    Literal,
    Rendered,
    Repeated,
    Shown,
    Step,
    Token,
    Value,
)
from apps.core.content.program.values import TOKEN, Values, values_of


class Pieces(Generic[AnyStr]):
    """What is the same for everybody, and between it what is filled in. Safe to share."""

    __slots__ = ("_holes", "_nothing", "_segments")

    def __init__(
        self, pieces: Iterable[AnyStr | Callable[[Values], AnyStr]], nothing: AnyStr
    ) -> None:
        self._nothing: AnyStr = nothing
        self._segments: list[AnyStr] = []
        self._holes: list[tuple[int, Callable[[Values], AnyStr]]] = []
        fixed: list[AnyStr] = []
        for piece in pieces:
            if isinstance(piece, (str, bytes)):
                fixed.append(piece)
                continue
            self._segments.append(nothing.join(fixed))
            fixed.clear()
            self._holes.append((len(self._segments), piece))
            self._segments.append(nothing)
        self._segments.append(nothing.join(fixed))

    @property
    def is_fixed(self) -> bool:
        """True when it is the same for everybody."""
        return not self._holes

    def unfilled(self) -> list[AnyStr | Callable[[Values], AnyStr]]:
        """What it was made of, so that it can become a part of a larger one."""
        found: list[AnyStr | Callable[[Values], AnyStr]] = []
        found.extend(self._segments)
        for index, piece in self._holes:
            found[index] = piece
        return found

    def fill(self, values: Values) -> AnyStr:
        """For one recipient. Raises RenderRefused, TemplateRefused or UnicodeEncodeError."""
        segments = self._segments.copy()
        for index, piece in self._holes:
            segments[index] = piece(values)
        return self._nothing.join(segments)


class Ink(ABC, Generic[AnyStr]):
    """How a channel writes. ``gap`` divides a value, or a block, from what stands in its line."""

    nothing: AnyStr
    gap: AnyStr

    def prepared(self, text: str) -> str:
        """A literal before it is written: its line ends, for instance."""
        return text

    @abstractmethod
    def literal(self, text: str) -> AnyStr:
        """Written once. It begins a line."""

    @staticmethod
    @abstractmethod
    def value(text: str, /) -> AnyStr:
        """Written for one recipient. It begins a line."""

    @staticmethod
    @abstractmethod
    def token(values: Values, /) -> AnyStr:
        """The token of the letter, in letters and digits that nothing encodes."""


class Text(Ink[str]):
    """As text, for channels that send text."""

    nothing = gap = ""

    def literal(self, text: str) -> str:
        return text

    @staticmethod
    def value(text: str, /) -> str:
        return text

    token = staticmethod(itemgetter(TOKEN))


def pieces_of(steps: Sequence[Step], ink: Ink[AnyStr], *, closed: bool = False) -> Pieces[AnyStr]:
    """Write the steps. ``closed``: what comes behind begins a line.

    A value and a block begin a line of the encoding, and what follows them does, too: so each can
    be written without knowing what the others have become.
    """
    pieces: list[AnyStr | Callable[[Values], AnyStr]] = []
    inside = False  # something stands in the line
    behind = False  # a value does, and a line end may follow it
    for step in steps:
        if isinstance(step, Literal):
            text = ink.prepared(step.text)
            if behind and not text.startswith("\r\n"):
                pieces.append(ink.gap)
            pieces.append(ink.literal(text))
            inside, behind = not text.endswith("\n"), False
            continue
        if inside or behind:
            pieces.append(ink.gap)
        pieces.append(_piece(step, ink))
        inside, behind = False, isinstance(step, (Value, Token, Rendered))
    if closed and (inside or behind):
        pieces.append(ink.gap)
    return Pieces(pieces, ink.nothing)


def _piece(step: Step, ink: Ink[AnyStr]) -> Callable[[Values], AnyStr]:
    match step:
        case Value(name, fallback, escape):
            return _value(name, fallback, escape, ink.value)
        case Token():
            return ink.token
        case Rendered(write):
            return lambda values: ink.value(write(values))
        case Shown(test, inner):
            return _shown(test, pieces_of(inner, ink, closed=True), ink.nothing)
        case Repeated(source, limit, inner, empty):
            each = pieces_of(inner, ink, closed=True)
            return partial(_repeated, source, limit, each, pieces_of(empty, ink, closed=True))
        case _:
            raise TypeError(step)


def _value(
    name: str,
    fallback: str,
    escape: Callable[[str], str],
    write: Callable[[str], AnyStr],
) -> Callable[[Values], AnyStr]:
    return lambda values: write(escape(values.get(name) or fallback))


def _shown(test: Test, pieces: Pieces[AnyStr], nothing: AnyStr) -> Callable[[Values], AnyStr]:
    if not pieces.is_fixed:
        return lambda values: pieces.fill(values) if test(values) else nothing
    always = pieces.fill(Values())
    return lambda values: always if test(values) else nothing


def _repeated(
    source: str, limit: int, pieces: Pieces[AnyStr], empty: Pieces[AnyStr], values: Values
) -> AnyStr:
    items = values.lists.get(source)
    if not items:
        return empty.fill(values)
    inner = values_of(values, values.bits)
    written = []
    for item in items[:limit]:  # each has all names, so that none is left over from the last
        inner.update(item)
        written.append(pieces.fill(inner))
    return written[0][:0].join(written)
