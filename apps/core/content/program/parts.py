"""A body as parts: what a run keeps of it as JSON, and what is read back from there.

``"text"``, ``{"placeholder": "{{ name }}"}``, ``{"href": n, "parts": […]}``,
``{"if": n, "parts": […]}``, ``{"each": list, "limit": n, "parts": […], "empty": […]}`` and
``{"liquid": source}``. ``if`` counts the conditions that are kept beside the parts, ``href`` the
links of the letter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from apps.core.content.program.conditions import Asked, Condition, bits_of, unreadable

#: A part as JSON.
Json = str | dict[str, Any]
#: How deep parts may stand in each other: a section, a column, a block, a link, and some more.
DEEPEST: Final = 8
#: Items of a list field that are shown at most.
MOST_ITEMS: Final = 50


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A value: ``{{ name }}``, with a fallback or with filters."""

    source: str


@dataclass(frozen=True, slots=True)
class Link:
    """The address of a link of the letter, by its number.

    ``query`` is added where it turns out to be a web address.
    """

    number: int
    parts: tuple[Part, ...]
    query: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class When:
    """What only those get for whom the condition holds."""

    condition: Condition
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Each:
    """Its parts once for each item of a list field; ``empty`` where there is none."""

    source: str
    limit: int
    parts: tuple[Part, ...]
    empty: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Fragment:
    """Liquid that sees the fields, and of which nothing is seen outside. ``line``: where it begins
    in the source that it was cut out of; ``query``: of the addresses that are marked in it."""

    source: str
    line: int = 0
    query: tuple[Part, ...] = ()


Part = str | Placeholder | Link | When | Each | Fragment


@dataclass(frozen=True, slots=True)
class Program:
    """A text or an HTML body before anything is known of who reads it.

    ``bits``: which bit of a delivery is which tag or segment. ``whole``: its only part is a
    fragment that begins and ends anywhere.
    """

    parts: tuple[Part, ...] = ()
    bits: Mapping[Asked, int] = field(default_factory=dict)
    whole: bool = False

    @property
    def is_empty(self) -> bool:
        """True when nobody could see anything of it."""
        return all(isinstance(part, str) and not part.strip() for part in self.parts)

    def with_literals(self, change: Callable[[str], str]) -> Program:
        """The program with its literals changed; nothing else of it is another one."""
        return replace(self, parts=_changed(self.parts, change))

    @classmethod
    def from_json(
        cls, kept: Sequence[Any], conditions: Sequence[Condition], asked: Sequence[Asked]
    ) -> Program:
        """Read what a run keeps. Raises TemplateSyntax for what nothing of ours has written."""
        return cls(_parts(kept, conditions, DEEPEST), bits_of(asked))


def _changed(parts: tuple[Part, ...], change: Callable[[str], str]) -> tuple[Part, ...]:
    return tuple(_changed_part(part, change) for part in parts)


def _changed_part(part: Part, change: Callable[[str], str]) -> Part:
    match part:
        case str():
            return change(part)
        case Each(parts=parts, empty=empty):
            return replace(part, parts=_changed(parts, change), empty=_changed(empty, change))
        case Link(parts=parts) | When(parts=parts):
            return replace(part, parts=_changed(parts, change))
        case _:
            return part


def _parts(kept: Any, conditions: Sequence[Condition], depth: int) -> tuple[Part, ...]:
    if not isinstance(kept, (list, tuple)) or not depth:
        raise unreadable()
    return tuple(_part(one, conditions, depth - 1) for one in kept)


def _part(kept: Any, conditions: Sequence[Condition], depth: int) -> Part:
    match kept:
        case str():
            return kept
        case {"placeholder": str(source), **rest} if not rest:
            return Placeholder(source)
        case {"liquid": str(source), **rest} if not rest:
            return Fragment(source)
        case {"href": int(number), "parts": parts, **rest} if not rest:
            return Link(number, _parts(parts, conditions, depth))
        case {"if": int(number), "parts": parts, **rest} if not rest:
            if not 0 <= number < len(conditions):
                raise unreadable()
            return When(conditions[number], _parts(parts, conditions, depth))
        case {"each": str(name), "limit": int(limit), "parts": parts, **rest} if name:
            empty = rest.pop("empty", ())
            if rest or not 0 < limit <= MOST_ITEMS:
                raise unreadable()
            inner = _parts(parts, conditions, depth)
            return Each(name, limit, inner, _parts(empty, conditions, depth))
    raise unreadable()
