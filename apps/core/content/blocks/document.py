"""The document of a letter: sections, their columns, their blocks, one theme, one schema number.

This says what may be stored, half-written too: shapes, ranges, safe links, unique ids. What is
missing before it may be sent is said by ``completeness``. It knows no table, no request, no MJML.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from apps.core.content.blocks.errors import DocumentInvalid, DocumentNewer, DocumentTooBig
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
from apps.core.errors import gettext_noop

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
    """A saved block: its section is put in before the document is judged, shown or sent."""

    type: Literal["saved"]
    id: Id
    block: RowId
    visibility: Visibility | None = None  # None: as the block has it


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
            raise PydanticCustomError("too_many_nodes", "a letter has at most 300 parts")
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


def sections(document: Document) -> list[Section]:
    """The sections that are written in it: none for a saved block that was not put in."""
    return [part for part in document.body if isinstance(part, Section)]


#: From an older schema to the next one: plain dict in, plain dict out.
UPGRADES: Final[dict[int, Callable[[dict[str, Any]], dict[str, Any]]]] = {}


def read(given: Mapping[str, Any]) -> Document:
    """The document, lifted to the present schema.

    Raises DocumentInvalid, DocumentNewer or DocumentTooBig.
    """
    lifted = dict(given)
    if type(lifted.get("schema")) is not int:
        raise DocumentInvalid("schema is the number of a schema", field="schema")
    while (schema := lifted["schema"]) != SCHEMA and schema in UPGRADES:
        lifted = UPGRADES[schema](lifted)
    if schema > SCHEMA:
        text = gettext_noop(
            "The email was made by a newer version (schema %(schema)d). Update Vestnik."
        )
        raise DocumentNewer(text, schema=schema)
    source = within_size(lifted)
    try:
        return Document.model_validate_json(source)
    except ValidationError as error:
        raise _refusal(error, lifted) from error


def within_size(given: Mapping[str, Any]) -> bytes:
    """The document as JSON. Raises DocumentTooBig, DocumentInvalid."""
    source = _json(given)
    if len(source) > MAX_BYTES:
        text = gettext_noop("The email’s document is bigger than %(limit)d kB.")
        raise DocumentTooBig(text, limit=MAX_BYTES // 1000)
    return source


def _json(given: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(given, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:  # half of a character pair, a ring
        raise DocumentInvalid("it is not JSON") from error


def _refusal(error: ValidationError, given: Mapping[str, Any]) -> DocumentInvalid | DocumentTooBig:
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "too_many_nodes":
        return too_many_nodes()
    node, field = _place(first["loc"], given)
    return DocumentInvalid(first["msg"].removeprefix("Value error, "), node, field)


def too_many_nodes() -> DocumentTooBig:
    """The refusal of a document with more parts than a letter has."""
    text = gettext_noop("An email has at most %(limit)d blocks, columns and sections.")
    return DocumentTooBig(text, limit=MAX_NODES)


def _place(path: tuple[int | str, ...], given: Any) -> tuple[str, str]:
    """The id of the innermost node on the path, and the field behind it."""
    node, field, at = "", [], given
    for step in path:
        try:
            inner = at[step]
        except (KeyError, IndexError, TypeError):  # the kind of a block, or a key that is missing
            if not isinstance(at, dict) or step != at.get("type"):
                field.append(str(step))
            continue
        at, field = inner, [*field, str(step)]
        if isinstance(at, dict) and isinstance(at.get("id"), str):
            node, field = at["id"], []
    return node[:16], ".".join(field)


def dump(document: Document) -> dict[str, Any]:
    """What is stored. Defaults are written out: they may change, a letter may not."""
    stored: dict[str, Any] = document.model_dump(mode="json", by_alias=True)
    return stored
