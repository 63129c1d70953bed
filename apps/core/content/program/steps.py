"""A program resolved: every value with the place where it lands, every condition as a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

from apps.core.content.html_contexts import (
    HTML_ESCAPES,
    TEXT_ESCAPES,
    Place,
    escape_parts,
    escape_text,
    link_part,
    raw_text,
)
from apps.core.content.program.conditions import Asked, Test, unreadable
from apps.core.content.program.parts import (
    Each,
    Fragment,
    Link,
    Part,
    Placeholder,
    Program,
    When,
)
from apps.core.content.program.queries import (
    address_with,
    marked_text_with,
    marked_with,
    plain,
)
from apps.core.content.program.safe_places import SafePlaces
from apps.core.content.program.values import TOKEN, Values
from apps.core.content.template_language import Template, TemplateRefused, parse

Escape = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Literal:
    """The same for everybody who gets it."""

    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """A name's value, or the fallback, escaped."""

    name: str
    fallback: str
    escape: Escape
    place: Place = Place.TEXT


@dataclass(frozen=True, slots=True)
class Token:
    """The token of the letter: the same in all its places, and nothing to be escaped in it."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What Liquid makes of it, or another function. ``source`` stands for it where its length and
    alphabet matter; ``template`` is what it was made of, if it is a fragment between tags.
    ``text``: the same in the plain text of the HTML."""

    write: Callable[[Values], str]
    source: str
    template: Template | None = None
    text: Callable[[Values], str] | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """Its steps, for those for whom the test is true."""

    test: Test
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    """Its steps for each item of a list; ``empty`` for none."""

    source: str
    limit: int
    steps: tuple[Step, ...]
    empty: tuple[Step, ...]


Step = Literal | Value | Token | Rendered | Shown | Repeated


def html_steps(program: Program) -> tuple[Step, ...]:
    """The steps of an HTML body. Raises TemplateRefused, TemplatePlace."""
    return _Resolver(program.bits, SafePlaces(), whole=program.whole).steps(program.parts)


def text_steps(program: Program) -> tuple[Step, ...]:
    """The steps of a plain text. Raises TemplateRefused."""
    return _Resolver(program.bits, None).steps(program.parts)


def literals_in(steps: Sequence[Step]) -> Iterator[str]:
    """All that is written in the steps, for anybody."""
    for step in steps:
        match step:
            case Literal(text):
                yield text
            case Rendered(source=source):
                yield source
            case Shown(steps=inner):
                yield from literals_in(inner)
            case Repeated(steps=inner, empty=empty):
                yield from literals_in(inner)
                yield from literals_in(empty)


class _Resolver:
    """Reads parts in their order. Without ``places`` the body is plain text."""

    def __init__(
        self, bits: Mapping[Asked, int], places: SafePlaces | None, *, whole: bool = False
    ) -> None:
        self._bits, self._places, self._whole = bits, places, whole
        self._in_repeat = False

    def steps(self, parts: Sequence[Part]) -> tuple[Step, ...]:
        found: list[Step] = []
        for part in parts:
            for step in self._steps_of(part):
                before = found[-1] if found else None
                if isinstance(step, Literal) and isinstance(before, Literal):
                    found[-1] = Literal(before.text + step.text)
                else:
                    found.append(step)
        return tuple(found)

    def _steps_of(self, part: Part) -> Sequence[Step]:
        match part:
            case str():
                if self._places is not None:
                    self._places.go_on(part)
                return [Literal(part)] if part else []
            case Placeholder(source):
                return [self._value(source)]
            case Link(parts=parts, query=query):
                return [self._link(part)] if query else self.steps(parts)
            case Fragment():
                return [self._fragment(part)]
            case When(condition, parts):
                with self._block():
                    return [Shown(condition.test(self._bits), self.steps(parts))]
            case Each():
                return [self._repeat(part)]

    def _block(self) -> AbstractContextManager[None]:
        return self._places.block() if self._places is not None else nullcontext()

    def _repeat(self, part: Each) -> Repeated:
        if self._in_repeat:
            raise unreadable()
        self._in_repeat = True
        with self._block():
            inner = self.steps(part.parts)
        self._in_repeat = False
        with self._block():
            return Repeated(part.source, part.limit, inner, self.steps(part.empty))

    def _value(self, source: str) -> Step:
        template = parse(source, in_repeat=self._in_repeat)
        place = self._places.value() if self._places is not None else Place.TEXT
        escape = (TEXT_ESCAPES if self._places is None else HTML_ESCAPES)[place]
        if not template.is_plain:
            return Rendered(partial(_written, template, escape), source)
        if template.literals != ("", ""):
            raise unreadable()
        if template.slots[0] == TOKEN:
            return Token()
        return Value(template.slots[0], template.fallbacks[0], escape, place)

    def _link(self, part: Link) -> Rendered:
        """An address whose beginning only its recipient shows, or whose query does."""
        address = [self._raw(one) for one in part.parts]
        query = self.queries(part.query)

        def raw(values: Values) -> str:
            return address_with(_joined(address, values), _joined(query, values))

        source = "".join(one for one in part.parts if isinstance(one, str))
        if self._places is None:
            return Rendered(raw, source)
        return Rendered(lambda values: escape_text(raw(values)), source, text=raw)

    def _raw(self, part: Part, escape: Escape | None = None) -> Callable[[Values], str]:
        """The part as the text of a link. ``escape``: of a value, whatever its place is."""
        if isinstance(part, str):
            if self._places is not None:
                self._places.go_on(part)
            text = part if self._places is None else plain(part)
            return lambda _values: text
        if not isinstance(part, Placeholder):
            raise unreadable()
        template = parse(part.source, in_repeat=self._in_repeat)
        place = self._places.value() if self._places is not None else Place.TEXT
        return partial(_written, template, escape or TEXT_ESCAPES[place])

    def _fragment(self, part: Fragment) -> Rendered:
        template = parse(part.source, in_repeat=self._in_repeat)
        write: Callable[[Values], str]
        mark: Callable[[str, str], str]
        if self._places is None:
            write = partial(_text, template, part.line)
            mark = marked_text_with
            kept = None
        else:
            if not self._whole:
                self._places.fragment(part.source)
            write = partial(_html, template, part.line)
            mark = marked_with
            kept = None if self._whole else template
        if part.query:
            write = partial(_marked, mark, write, _Resolver(self._bits, None).queries(part.query))
        return Rendered(write, part.source, kept)

    def queries(self, query: Sequence[Part]) -> list[Callable[[Values], str]]:
        """What writes a query, its values escaped."""
        return [self._raw(one, link_part) for one in query]


def _written(template: Template, escape: Escape, values: Values) -> str:
    return escape("".join(template.parts(values)))


def _joined(pieces: Sequence[Callable[[Values], str]], values: Values) -> str:
    return "".join([piece(values) for piece in pieces])


def _marked(
    mark: Callable[[str, str], str],
    write: Callable[[Values], str],
    query: Sequence[Callable[[Values], str]],
    values: Values,
) -> str:
    return mark(write(values), _joined(query, values))


def _text(template: Template, line: int, values: Values) -> str:
    return raw_text("".join(_parts(template, line, values)))


def _html(template: Template, line: int, values: Values) -> str:
    return escape_parts(_parts(template, line, values))


def _parts(template: Template, line: int, values: Values) -> list[str]:
    """Rendered; a refusal names the line of the source that the fragment was cut out of."""
    try:
        return template.parts(values)
    except TemplateRefused as refusal:
        if line > 1 and refusal.line:
            refusal.line += line - 1
        raise
