"""Where the parts of a stored document lie, and the parts that are new.

A document is plain JSON here: sections in ``body``, columns in a section, blocks in a column or in
a repeat. A place is the id of the part above, empty for the letter itself, and a number.
"""

from __future__ import annotations

import copy
import secrets
import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, get_args

from pydantic import BaseModel

from apps.core.content.blocks import schema
from apps.core.content.blocks.document import SCHEMA, Column, Saved, Section
from apps.core.content.blocks.values import Theme

Node = dict[str, Any]

_LETTERS: Final = string.ascii_lowercase + string.digits
#: What a new block may be, by its type, in the order in which they are offered.
BLOCKS: Final[dict[str, type[schema.Block]]] = {
    get_args(kind.model_fields["type"].annotation)[0]: kind
    for kind in (*get_args(schema.Plain), schema.Repeat)
}
#: How the columns of a new section share its width.
LAYOUTS: Final[dict[str, tuple[int, ...]]] = {
    "1": (100,),
    "2": (50, 50),
    "1-2": (33, 67),
    "2-1": (67, 33),
    "3": (33, 34, 33),
    "4": (25, 25, 25, 25),
}
#: The name under which a part keeps those in it.
_INSIDE: Final = {"section": "columns", "column": "blocks", "repeat": "blocks"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part lies: in the list of ``parent`` (empty: of the letter), at ``at``."""

    parent: str
    at: int
    siblings: list[Node]

    @property
    def node(self) -> Node:
        return self.siblings[self.at]


def kind_of(node: Node) -> str:
    """The type of a part; a column has none of its own."""
    return str(node.get("type", "column"))


def inside(node: Node) -> list[Node] | None:
    """The parts in this one; None of a part that holds none."""
    name = _INSIDE.get(kind_of(node))
    found: list[Node] | None = node[name] if name else None
    return found


def each(document: Node) -> Iterator[Place]:
    """Every part with its place, in the order of reading."""
    yield from _each("", document["body"])


def _each(parent: str, siblings: list[Node]) -> Iterator[Place]:
    for at, node in enumerate(siblings):
        yield Place(parent, at, siblings)
        yield from _each(node["id"], inside(node) or [])


def find(document: Node, node_id: str) -> Place | None:
    """The place of the part with this id; None when there is no such part."""
    return next((place for place in each(document) if place.node["id"] == node_id), None)


def list_of(document: Node, parent: str) -> list[Node] | None:
    """The list that a part with this parent lies in; None when there is no such parent."""
    if not parent:
        body: list[Node] = document["body"]
        return body
    place = find(document, parent)
    return inside(place.node) if place is not None else None


def parent_kind(document: Node, parent: str) -> str:
    """The type of a parent, ``letter`` for the letter itself."""
    place = find(document, parent) if parent else None
    return kind_of(place.node) if place is not None else "letter"


def fits(kind: str, above: str) -> bool:
    """True if a part of this type may lie in one of that type."""
    if kind in ("section", "saved"):
        return above == "letter"
    if kind == "column":
        return above == "section"
    return above == "column" or (above == "repeat" and kind != "repeat")


def new_id() -> str:
    """An id for a new part: unique, and of no meaning."""
    return "".join(secrets.choice(_LETTERS) for _ in range(12))


def new_node(kind: str, *, layout: str = "1") -> Node:
    """A new part of this type with its defaults; a section with empty columns."""
    if kind == "section":
        return _section(LAYOUTS[layout])
    made = BLOCKS[kind].model_validate({"type": kind, "id": new_id()})
    return _dumped(made)


def new_reference(block: int) -> Node:
    """A saved block, to stand between sections."""
    return _dumped(Saved(type="saved", id=new_id(), block=block))


def _section(widths: tuple[int, ...]) -> Node:
    columns = tuple(Column(id=new_id(), width=width) for width in widths)
    return _dumped(Section(type="section", id=new_id(), columns=columns))


def new_column(width: int) -> Node:
    """An empty column of so many percent."""
    return _dumped(Column(id=new_id(), width=width))


def _dumped(made: BaseModel) -> Node:
    found: Node = made.model_dump(mode="json", by_alias=True)
    return found


def with_new_ids(node: Node) -> Node:
    """A copy of the part whose ids, and those of all parts in it, are new."""
    made = copy.deepcopy(node)
    made["id"] = new_id()
    name = _INSIDE.get(kind_of(made))
    if name:
        made[name] = [with_new_ids(part) for part in made[name]]
    return made


def blank_document() -> Node:
    """A new letter in its owner's look: a heading, a text, and the footer that the law asks for."""
    section = new_node("section")
    section["columns"][0]["blocks"] = [new_node("heading") | {"level": 1}, new_node("text")]
    theme: Node = _dumped(Theme(follows_brand=True))
    return with_footer({"schema": SCHEMA, "theme": theme, "body": [section]})


def with_footer(document: Node) -> Node:
    """The document with a footer at its end, in a section of its own."""
    section = new_node("section") | {"background": None}
    section["columns"][0]["blocks"] = [new_node("footer")]
    return {**document, "body": [*document["body"], section]}
