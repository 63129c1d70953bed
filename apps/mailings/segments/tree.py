"""A segment as data: groups of conditions, and the limits of their number and depth.

A node is ``{"all": [nodes]}``, ``{"any": [nodes]}``, ``{"not": node}`` or a condition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from apps.mailings.segments.errors import SegmentInvalid

VERSION: Final = 1
DEPTH: Final = 5
CONDITIONS: Final = 50
MAILINGS: Final = 10
GROUPS: Final = ("all", "any")
NOT: Final = "not"
#: A node of the tree, or the whole tree, as JSON has it.
Node = dict[str, Any]

_Word = Annotated[str, StringConstraints(max_length=50)]
_Number = Annotated[int, Field(ge=1, le=32_767)]


class Condition(BaseModel):
    """One condition as it is written, before the catalogue is asked what it means.

    ``run`` and ``link`` are numbers: of a run of the one mailing, and of a link of its letter.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    field: _Word
    op: _Word
    name: _Word = ""
    value: Any = None
    mailings: Annotated[list[int], Field(min_length=1, max_length=MAILINGS)] | None = None
    run: _Number | None = None
    link: _Number | None = None
    days: Annotated[int, Field(ge=1, le=3660)] | None = None
    machine: bool = False

    @property
    def asks_history(self) -> bool:
        """True if it says something that only conditions on messages have."""
        return self.machine or any(
            one is not None for one in (self.mailings, self.run, self.link, self.days)
        )

    def as_json(self) -> Node:
        """The condition without what it does not say."""
        return self.model_dump(exclude_defaults=True)


@dataclass(frozen=True, slots=True)
class Place:
    """A node where it stands in its tree."""

    path: str
    node: Node
    depth: int


def root_of(tree: Any) -> Node:
    """The uppermost node. Raises SegmentInvalid for what is no tree."""
    if not isinstance(tree, dict) or set(tree) != {"version", "root"}:
        raise SegmentInvalid("", _("Write version and root."))
    if tree["version"] != VERSION or isinstance(tree["version"], bool):
        raise SegmentInvalid("version", _("Only version 1 is known."))
    root = tree["root"]
    if not isinstance(root, dict):
        raise SegmentInvalid("root", _("This is no condition."))
    return root


def places(root: Node) -> Iterator[Place]:
    """Every node of a tree, a group before what it holds."""
    yield from _below(Place("root", root, 0))


def children(place: Place) -> list[Place]:
    """What a group holds; nothing for a condition."""
    node, path, depth = place.node, place.path, place.depth + 1
    for word in GROUPS:
        if word in node:
            return [
                Place(f"{path}.{word}[{at}]", child, depth) for at, child in enumerate(node[word])
            ]
    return [Place(f"{path}.{NOT}", node[NOT], depth)] if NOT in node else []


def conditions(root: Node) -> Iterator[Place]:
    """Every condition of a tree."""
    return (place for place in places(root) if is_condition(place.node))


def is_condition(node: Node) -> bool:
    """True for a node that holds no others."""
    return not any(word in node for word in (*GROUPS, NOT))


def _below(place: Place) -> Iterator[Place]:
    _check_form(place)
    yield place
    for child in children(place):
        yield from _below(child)


def _check_form(place: Place) -> None:
    node = place.node
    if place.depth > DEPTH:
        raise SegmentInvalid(place.path, _("Groups are nested too deeply."))
    if not isinstance(node, dict):
        raise SegmentInvalid(place.path, _("This is no condition."))
    if is_condition(node):
        return
    if len(node) != 1:
        raise SegmentInvalid(place.path, _("A group is one of all, any and not."))
    (word,) = node
    if word in GROUPS and (not isinstance(node[word], list) or not node[word]):
        raise SegmentInvalid(place.path, _("A group needs at least one condition."))


def condition_at(place: Place) -> Condition:
    """The condition of a node. Raises SegmentInvalid when it has no such form."""
    try:
        return Condition.model_validate(place.node)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join([place.path, *map(str, first["loc"])])
        raise SegmentInvalid(where, _("This has no form that is known.")) from None
