"""The fragments of the editor's page that an act has changed, for its script to put in place."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string

from apps.core.content.blocks.editing.changes import Changes, changes_between
from apps.mailings.models import MessageDraft
from apps.mailings.services.letters.canvas import canvas_changes
from apps.mailings.services.letters.draft_operations import Applied
from apps.mailings.services.letters.whole import whole
from apps.mailings.views.letters.outline import ChangedOutline, changed_outline, names_of


def changed_fragments(applied: Applied) -> dict[str, Any]:
    """What the template of the fragments needs; ``changed`` is JSON for the script.

    ``lists`` holds the ids of a part's parts in their order, ``rows`` and ``parts`` HTML by id: the
    row of a part, or a part that is new.
    """
    draft = applied.draft
    document = draft.document or {}
    changes = changes_between(applied.before, document)
    made = whole(applied.document, draft.owner_id, draft.language)
    canvas = canvas_changes(applied, made, changes)
    if not (applied.before["body"] and document["body"]):  # the tree comes or goes
        return {"whole": True, "changed": {"canvas": canvas}}
    outline = changed_outline(document, made, changes, names_of(draft))
    changed = {**_rendered(draft, changes, outline), "canvas": canvas}
    is_block = draft.message is not None and draft.message.of_block_id is not None
    return {"changed": changed, "lacks": [] if is_block else outline.lacks}


def _rendered(draft: MessageDraft, changes: Changes, outline: ChangedOutline) -> dict[str, Any]:
    around = {"message": draft.message, "scripted": True}
    return {
        "lists": changes.lists,
        "rows": {
            part.id: render_to_string("messages/letter/row.html", {**around, "part": part})
            for part in outline.rows
        },
        "parts": {
            part.id: render_to_string("messages/letter/item.html", {**around, "part": part})
            for part in outline.new
        },
    }
