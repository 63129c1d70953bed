"""What pages and programs ask about saved blocks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from apps.core.content.blocks.document import Document, dump, read
from apps.core.content.blocks.reuse.saved import (
    Resolved,
    SavedSection,
    references,
    translations_with_saved,
    with_saved,
)
from apps.core.content.translation import Translations
from apps.core.contracts import Actor
from apps.core.models import OwnedQuerySet
from apps.mailings.models import ContentUse, SavedBlock

#: Blocks that a select offers.
_OFFERED: Final = 500


def shown_blocks(*, archived: bool = False) -> OwnedQuerySet[SavedBlock]:
    """Saved blocks with how many messages have each."""
    rows = SavedBlock.objects.filter(archived_at__isnull=not archived).select_related("owner")
    return rows.defer("document").annotate(used=used_in())


def used_in() -> Coalesce:
    """How many messages have a saved block, as part of a query on them."""
    uses = ContentUse.objects.filter(saved_block=OuterRef("pk")).order_by().values("saved_block")
    return Coalesce(Subquery(uses.annotate(n=Count("pk")).values("n")), 0)


def blocks_like(rows: OwnedQuerySet[SavedBlock], query: str) -> OwnedQuerySet[SavedBlock]:
    """Those whose name has the words, in any case."""
    query = query.replace("\x00", "").strip()
    return rows.filter(Q(name__iregex=re.escape(query))) if query else rows


def blocks_of(actor: Actor) -> list[tuple[int, str]]:
    """The actor's saved blocks by name, to be chosen from."""
    rows = SavedBlock.objects.editable_by(actor).filter(archived_at=None).order_by("name")
    return list(rows.values_list("pk", "name")[:_OFFERED])


def names_of_blocks(owner_id: int, ids: set[int]) -> dict[int, str]:
    """What these blocks of the owner are called, those in the archive too."""
    if not ids:
        return {}
    rows = SavedBlock.objects.filter(owner_id=owner_id, pk__in=ids)
    return dict(rows.values_list("pk", "name"))


def resolved_with(
    document: Document, owner_id: int, language: str
) -> tuple[Resolved, dict[int, int]]:
    """The document with the owner's saved blocks in this language, and their revisions.

    Those in the archive too: no letter that was written loses a part. Raises ContentRefused.
    """
    rows = _named_in(document, owner_id)
    found = with_saved(document, {row.pk: row.section for row in rows}, language)
    return found, {row.pk: row.revision for row in rows}


def with_blocks_of(document: Document, owner_id: int, language: str = "") -> Document:
    """The document with copies of this owner's saved blocks in it. Raises ContentRefused."""
    return resolved_with(document, owner_id, language)[0].document


def whole_content(
    content: Mapping[str, Any], translations: Translations, owner_id: int
) -> tuple[dict[str, Any], Translations]:
    """A content with copies of this owner's saved blocks in it, in all its languages.

    Raises ContentRefused.
    """
    if content["document"] is None:
        return dict(content), translations
    document, language = read(content["document"]), content["language"]
    known: dict[int, SavedSection] = {row.pk: row.section for row in _named_in(document, owner_id)}
    if not known:
        return dict(content), translations
    made = with_saved(document, known, language).document
    whole = translations_with_saved(document, known, language, translations)
    return {**content, "document": dump(made)}, whole


def blocks_lacking(
    content: Mapping[str, Any], owner_id: int, language: str
) -> list[tuple[SavedBlock, int]]:
    """The owner's blocks in a content that lack texts in a language, and how many each lacks."""
    if content["document"] is None:
        return []
    rows = _named_in(read(content["document"]), owner_id)
    found = [(row, row.section.missing_in(content["language"], language)) for row in rows]
    return [(row, missing) for row, missing in found if missing]


def _named_in(document: Document, owner_id: int) -> list[SavedBlock]:
    wanted = references(document)
    if not wanted:
        return []
    return list(SavedBlock.objects.filter(owner_id=owner_id, pk__in=wanted))
