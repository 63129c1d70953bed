"""From a section of a draft to a saved block, and back: each is one step of the draft."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.core.content.blocks.editing import places
from apps.core.content.blocks.editing.operations import part_gone
from apps.core.content.blocks.editing.places import Node, Place
from apps.core.content.translation import HEAD, Translations, living_in_all
from apps.mailings.models import MessageDraft, SavedBlock
from apps.mailings.services.letters import draft_operations
from apps.mailings.services.letters.draft_operations import Applied, Writer, draft_for
from apps.mailings.services.letters.reuse.saved_blocks import (
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
    draft = draft_for(writer.message, writer.author)
    language, translations = draft.language, _translations(draft, place.node)
    if keeping.block is None:
        block = keep_section(
            owner=writer.author,
            name=keeping.name,
            section=place.node,
            language=language,
            translations=translations,
        )
    else:
        block = SavedBlockService(writer.author).change(
            keeping.block, place.node, language=language, translations=translations
        )
    if keeping.linked:
        _instead(writer, place, places.new_reference(block.pk), now)
    return block


def unlink(writer: Writer, node_id: str, *, now: datetime) -> Applied:
    """Make a saved block part of this letter, in its languages: later changes do not reach it.

    Raises PartGone, SavedBlockGone, DraftMoved.
    """
    place = _place(writer, node_id, "saved")
    draft = draft_for(writer.message, writer.author)
    saved = block_of(writer.author, place.node["block"]).section
    section: Node = saved.written_in(draft.language).model_dump(mode="json", by_alias=True)
    if place.node["visibility"]:
        section["visibility"] = place.node["visibility"]
    carried = {code: saved.entries_beside(draft.language, code) for code in draft.translations}
    return _instead(writer, place, section, now, carried)


def _translations(draft: MessageDraft, section: Node) -> dict[str, Any]:
    """What the draft has of a section in other languages."""
    alone = {"body": [section]}
    translations = living_in_all(alone, draft.translations)
    found = {
        code: {key: entry for key, entry in entries.items() if key not in HEAD}
        for code, entries in translations.items()
    }
    return {code: entries for code, entries in found.items() if entries}


def _instead(
    writer: Writer,
    place: Place,
    node: Node,
    now: datetime,
    carried: Translations | None = None,
) -> Applied:
    """Put the node where the part is, with the translations that are ``carried`` with it."""
    asked = [
        {"op": "insert", "node": node, "parent": "", "at": place.at},
        {"op": "remove", "id": place.node["id"]},
    ]
    applied = draft_operations.act(writer, asked, now=now, carried=carried)
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
