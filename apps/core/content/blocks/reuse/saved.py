"""Saved blocks in a document: each reference gives way to the section that it names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.core.content.blocks.document import (
    MAX_NODES,
    Document,
    Saved,
    Section,
    too_many_nodes,
    walk,
)
from apps.core.content.blocks.schema import Block, Repeat

_LENGTH = 12  # characters of an id


@dataclass(frozen=True, slots=True)
class Resolved:
    """The document with its saved blocks in it.

    ``homes``: for every part that came with one, the id of the reference that it came by.
    """

    document: Document
    homes: dict[str, str] = field(default_factory=dict)


def references(document: Document) -> set[int]:
    """The numbers of the saved blocks that the document names."""
    return {part.block for part in document.body if isinstance(part, Saved)}


def with_saved(document: Document, known: Mapping[int, Section]) -> Resolved:
    """Put in the sections that are known; any other reference stays.

    The same block may stand in a document twice: its parts get ids of the place where they are,
    the same ones every time. Raises DocumentTooBig.
    """
    homes: dict[str, str] = {}
    body: list[Section | Saved] = []
    for part in document.body:
        if isinstance(part, Saved) and part.block in known:
            section = _placed(known[part.block], part)
            homes |= {node_id: part.id for node_id in _ids(section)}
            body.append(section)
        else:
            body.append(part)
    found = document.model_copy(update={"body": tuple(body)})
    if sum(1 for _node in walk(found)) > MAX_NODES:
        raise too_many_nodes()
    return Resolved(found, homes)


def _placed(section: Section, reference: Saved) -> Section:
    columns = tuple(
        column.model_copy(
            update={
                "id": _id_in(reference, column.id),
                "blocks": tuple(_block(block, reference) for block in column.blocks),
            }
        )
        for column in section.columns
    )
    visibility = reference.visibility or section.visibility
    change = {"id": reference.id, "columns": columns, "visibility": visibility}
    return section.model_copy(update=change)


def _block(block: Block, reference: Saved) -> Block:
    change: dict[str, object] = {"id": _id_in(reference, block.id)}
    if isinstance(block, Repeat):
        change["blocks"] = tuple(_block(one, reference) for one in block.blocks)
    return block.model_copy(update=change)


def _id_in(reference: Saved, node_id: str) -> str:
    made = hashlib.sha256(f"{reference.id}.{node_id}".encode()).hexdigest()
    return made[:_LENGTH]


def _ids(section: Section) -> list[str]:
    return [node.id for node in walk(Document(schema=1, body=(section,)))]
