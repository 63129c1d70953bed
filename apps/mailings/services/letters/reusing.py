"""From a section of a draft to a saved block, and back: each is one step of the draft."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from apps.core.content.blocks.editing import places
from apps.core.content.blocks.editing.operations import part_gone
from apps.core.content.blocks.editing.places import Node, Place
from apps.mailings.models import SavedBlock
from apps.mailings.services.letters import draft_operations
from apps.mailings.services.letters.draft_operations import Applied, Writer, draft_for
from apps.mailings.services.letters.saved_blocks import (
    SavedBlockService,
    block_of,
    keep_section,
)


@dataclass(frozen=True, slots=True)
class Keeping:
    """How a section becomes a block: under a new name, or in the place of what a block holds.

    ``linked``: the draft has the block in the section's place from now on.
    """

    name: str = ""
    block: SavedBlock | None = None
    linked: bool = True


@transaction.atomic
def keep_as_block(writer: Writer, node_id: str, keeping: Keeping, *, now: datetime) -> SavedBlock:
    """Keep a section of the draft as a block.

    Raises PartGone, DraftMoved, and ValidationError for a name that is taken.
    """
    place = _place(writer, node_id, "section")
    if keeping.block is None:
        block = keep_section(owner=writer.author, name=keeping.name, section=place.node)
    else:
        block = SavedBlockService(writer.author).change(keeping.block, place.node)
    if keeping.linked:
        _instead(writer, place, places.new_reference(block.pk), now)
    return block


def unlink(writer: Writer, node_id: str, *, now: datetime) -> Applied:
    """Make a saved block part of this letter: later changes of the block do not reach it.

    Raises PartGone, SavedBlockGone, DraftMoved.
    """
    place = _place(writer, node_id, "saved")
    section: Node = dict(block_of(writer.author, place.node["block"]).document["body"][0])
    if place.node["visibility"]:
        section["visibility"] = place.node["visibility"]
    return _instead(writer, place, section, now)


def _instead(writer: Writer, place: Place, node: Node, now: datetime) -> Applied:
    """Put the node where the part is."""
    asked = [
        {"op": "insert", "node": node, "parent": "", "at": place.at},
        {"op": "remove", "id": place.node["id"]},
    ]
    applied = draft_operations.act(writer, asked, now=now)
    body = (applied.draft.document or {})["body"]
    return replace(applied, focus=body[place.at]["id"])


def _place(writer: Writer, node_id: str, kind: str) -> Place:
    """The part of the draft. Raises DraftMoved, PartGone."""
    draft = draft_for(writer.message, writer.author)
    draft_operations.demand_unmoved(draft, writer)
    place = places.find(draft.document or {}, node_id)
    if place is None or places.kind_of(place.node) != kind:
        raise part_gone()
    return place
