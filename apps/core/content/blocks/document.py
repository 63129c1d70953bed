"""The document of a letter: sections, their columns, their blocks, one theme, one schema number.

This says what may be stored, half-written too: shapes, ranges, safe links, unique ids. What is
missing before it may be sent is said by ``completeness``. It knows no table, no request, no MJML.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from apps.core.content.blocks.schema import Plain, Repeat
from apps.core.content.blocks.values import (
    Colour,
    Id,
    Picture,
    RowId,
    Space,
    Strict,
    Theme,
    Visibility,
)

SCHEMA: Final = 1
MAX_BYTES: Final = 400_000
MAX_NODES: Final = 300


class Column(Strict):
    id: Id
    width: Annotated[int, Field(ge=10, le=100)] = 100  # percent of the section
    valign: Literal["top", "middle", "bottom"] = "top"
    background: Colour | None = None
    blocks: tuple[Annotated[Plain | Repeat, Field(discriminator="type")], ...] = ()


class Section(Strict):
    type: Literal["section"]
    id: Id
    columns: Annotated[tuple[Column, ...], Field(min_length=1, max_length=4)]
    visibility: Visibility | None = None
    background: Colour | None = "surface"
    backdrop: Picture | None = None
    full_width: bool = False
    stack_on_phone: bool = True
    reverse_on_phone: bool = False  # the last column first
    padding: tuple[Space, Space] = (16, 16)
    padding_x: Space = 24

    @model_validator(mode="after")
    def _widths(self) -> Section:
        if sum(column.width for column in self.columns) != 100:
            raise ValueError("the columns must add up to 100 percent")
        return self


class Saved(Strict):
    """A saved block: the newest version while one writes, a pinned one in a run."""

    type: Literal["saved"]
    id: Id
    block: RowId
    visibility: Visibility | None = None


class Document(Strict):
    schema_: Literal[1] = Field(alias="schema")
    theme: Theme = Theme()
    body: Annotated[
        tuple[Annotated[Section | Saved, Field(discriminator="type")], ...], Field(max_length=60)
    ] = ()

    @model_validator(mode="after")
    def _nodes(self) -> Document:
        ids = [node.id for node in walk(self)]
        if len(ids) > MAX_NODES:
            raise ValueError(f"a letter has at most {MAX_NODES} parts")
        if len(set(ids)) != len(ids):
            raise ValueError("an id stands twice")
        return self


def walk(document: Document) -> Iterator[Any]:
    """Every node that has an id, in the order of reading."""
    for part in document.body:
        yield part
        for column in part.columns if isinstance(part, Section) else ():
            yield column
            for block in column.blocks:
                yield block
                yield from block.blocks if isinstance(block, Repeat) else ()


#: From an older schema to the next one: plain dict in, plain dict out.
UPGRADES: Final[dict[int, Callable[[dict[str, Any]], dict[str, Any]]]] = {}


def read(given: Mapping[str, Any]) -> Document:
    """The document, lifted to the present schema. Raises pydantic's ValidationError."""
    lifted = dict(given)
    while (schema := lifted.get("schema")) != SCHEMA and schema in UPGRADES:
        lifted = UPGRADES[schema](lifted)
    return Document.model_validate_json(json.dumps(lifted))


def dump(document: Document) -> dict[str, Any]:
    """What is stored. Defaults are written out: they may change, a letter may not."""
    stored: dict[str, Any] = document.model_dump(mode="json", by_alias=True)
    return stored
