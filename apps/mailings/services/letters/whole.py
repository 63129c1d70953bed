"""A document with everything in it that it takes from elsewhere: it is compiled and judged so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from apps.core.content.blocks.document import Document, dump, read
from apps.core.content.blocks.feeds.entry import FeedEntry
from apps.core.content.blocks.feeds.unrolling import most_shown, unrolled
from apps.core.content.blocks.reuse.brand import with_brand
from apps.mailings.models import Mailing
from apps.mailings.selectors.letters.brand import brand_of
from apps.mailings.selectors.letters.saved_blocks import resolved_with
from apps.mailings.services.feeds.content import sample_entries
from apps.mailings.services.languages.translations import Written, owner_of
from apps.mailings.services.media.uses import media_ids_in


@dataclass(frozen=True, slots=True)
class Whole:
    """The document, and the revisions of what is in it: of the brand (0 without), of saved blocks.

    ``homes``: for each part of a saved block the id of the part that is written in the document.
    """

    document: Document
    brand: int = 0
    saved: Mapping[int, int] = field(default_factory=dict)
    homes: Mapping[str, str] = field(default_factory=dict)

    @property
    def media(self) -> set[int]:
        """The pictures that it shows, its own and those that came with the rest."""
        return media_ids_in(dump(self.document))

    @property
    def origin(self) -> dict[str, Any]:
        """What a run keeps of where its content is from, beside the message."""
        found: dict[str, Any] = {"brand": self.brand} if self.brand else {}
        if self.saved:
            found["saved"] = {str(block): revision for block, revision in self.saved.items()}
        return {"made_of": found} if found else {}


def whole(document: Document, owner_id: int, language: str) -> Whole:
    """The document in this language as this owner would send it now. Raises ContentRefused."""
    resolved, saved = resolved_with(document, owner_id, language)
    brand = brand_of(owner_id)
    if brand is None:
        return Whole(resolved.document, saved=saved, homes=resolved.homes)
    filled = with_brand(resolved.document, brand.style.written_in(language))
    revision = brand.revision if filled != resolved.document else 0
    return Whole(filled, revision, saved, resolved.homes)


def whole_of(written: Written) -> Whole:
    """The same of what somebody writes, by its owner. Raises ContentRefused."""
    return whole(read(written.document or {}), owner_of(written), written.language)


def with_feed(made: Whole, entries: Sequence[FeedEntry] | None) -> Whole:
    """The same with the items of a feed in their places; as it is where there is no feed.

    Raises TemplateRefused.
    """
    return made if entries is None else replace(made, document=unrolled(made.document, entries))


def with_waiting(made: Whole, written: Written, mailing: Mailing | None = None) -> Whole:
    """The same with what waits in the feed of the mailing, or of a mailing with this message.

    Raises TemplateRefused.
    """
    return with_feed(made, sample_entries(written, most_shown(made.document), mailing))
