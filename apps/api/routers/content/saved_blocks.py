"""`/api/saved-blocks/`."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from ninja import Query, Router, Status

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.schemas.common import Page, Removed, answers
from apps.api.schemas.content.saved_blocks import (
    SavedBlockChanges,
    SavedBlockIn,
    SavedBlockOut,
    SavedBlockQuery,
)
from apps.core.permissions import visible_or_404
from apps.mailings.models import SavedBlock
from apps.mailings.selectors.letters.saved_blocks import blocks_like, shown_blocks
from apps.mailings.services.letters.reuse.saved_blocks import (
    SavedBlockService,
    keep_section,
    section_entries,
)

router = Router(tags=["Messages"])


@router.get("/", response=answers({200: Page[SavedBlockOut]}), summary="List saved blocks")
def list_saved_blocks(request: ApiRequest, query: Query[SavedBlockQuery]) -> dict[str, Any]:
    """One's own, newest first; for managers everybody's."""
    rows = shown_blocks().defer(None).visible_to(request.auth.user)
    return page_of(blocks_like(rows, query.search), query)


@router.post("/", response=answers({201: SavedBlockOut}, 400), summary="Save a block")
def add_saved_block(request: ApiRequest, given: SavedBlockIn) -> Status[SavedBlock]:
    """One section; its parts keep their ids."""
    block = keep_section(
        owner=request.auth.user,
        name=given.name,
        section=given.section,
        language=given.language,
        translations=section_entries(given.section, given.translations),
    )
    return Status(201, _shown(request, block.pk))


@router.get("/{int:pk}/", response=answers({200: SavedBlockOut}, 404), summary="One saved block")
def get_saved_block(request: ApiRequest, pk: int) -> SavedBlock:
    return _shown(request, pk)


@router.patch(
    "/{int:pk}/", response=answers({200: SavedBlockOut}, 400, 404, 409), summary="Change it"
)
def change_saved_block(request: ApiRequest, pk: int, given: SavedBlockChanges) -> SavedBlock:
    """Another section is a new revision: every message that is not launched shows it."""
    blocks = SavedBlockService(request.auth.user)
    block = blocks.editable_or_403(pk)
    values = given.dict(exclude_unset=True)
    with transaction.atomic():
        if {"section", "language", "translations"} & values.keys():
            section = values.get("section", block.document["body"][0])
            texts = values.get("translations")
            block = blocks.change(
                block,
                section,
                base_revision=values.get("revision"),
                language=values.get("language"),
                translations=None if texts is None else section_entries(section, texts),
            )
        if "name" in values:
            block.name = values["name"]
            blocks.save(block)
    return _shown(request, pk)


@router.delete("/{int:pk}/", response=answers({200: Removed}, 404, 409), summary="Remove it")
def delete_saved_block(request: ApiRequest, pk: int) -> dict[str, int]:
    """Deleted when it was never sent, otherwise archived. One that messages have stays (409)."""
    blocks = SavedBlockService(request.auth.user)
    deleted = blocks.remove(blocks.editable_or_403(pk), now=timezone.now())
    return {"deleted": int(deleted), "archived": int(not deleted)}


def _shown(request: ApiRequest, pk: int) -> SavedBlock:
    """The block as the document describes it."""
    return visible_or_404(shown_blocks().defer(None), request.auth.user, pk=pk)
