"""Where pictures are shown: found anew with every save, and marked when they are sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from html import unescape
from typing import Any, Final
from urllib.parse import unquote

from django.db.models import Model, Q, QuerySet, Sum, TextField
from django.db.models.functions import Cast

from apps.core.content.blocks.media import MEDIA_KEYS, media_in
from apps.core.permissions import LARGEST
from apps.mailings.models import (
    Brand,
    ContentUse,
    MediaFile,
    Message,
    MessageTemplate,
    MessageTranslation,
    Run,
    SavedBlock,
)

#: Overlapping, and without what stands around it: an address can be written in many ways.
_TOKEN: Final = re.compile(r"(?=([a-z2-7]{24}))")


def media_ids_in(document: object) -> set[int]:
    """The ids of the pictures that a letter's document names, at any depth."""
    return {number for number in media_in(document) if 0 < number <= LARGEST}


def saved_ids_in(document: Mapping[str, Any] | None) -> set[int]:
    """The numbers of the saved blocks that a letter's stored document names."""
    body = (document or {}).get("body", ())
    return {one["block"] for one in body if one.get("type") == "saved"}


def record_uses(message: Message) -> None:
    """Keep which of the owner's pictures and saved blocks it has. In the transaction of its save.

    What a copy has, its original has as well, which is the place that people know. Pictures are
    named by their ids in a document of blocks, and by their tokens in HTML, which a block may hold
    as well; a translation may show others.
    """
    if message.is_copy:
        return
    written = message.html if message.document is None else json.dumps(message.document)
    rows = MessageTranslation.objects.filter(message=message)
    translated = list(rows.values_list("html", "strings"))
    ids = media_ids_in(message.document) | translated_media(
        strings for _html, strings in translated
    )
    place = {"message": message}
    _rewrite(place, message.owner_id, ids, written + json.dumps(translated))
    _rewrite_blocks(place, message.owner_id, saved_ids_in(message.document))


def record_brand_uses(brand: Brand) -> None:
    """Keep which picture the brand shows. In the transaction of its save."""
    _rewrite({"brand": brand}, brand.owner_id, {brand.logo_id} - {None})


def record_block_uses(block: SavedBlock) -> None:
    """Keep which pictures the saved block shows. In the transaction of its save."""
    ids = media_ids_in(block.document) | translated_media(block.translations.values())
    written = json.dumps([block.document, block.translations])
    _rewrite({"in_block": block}, block.owner_id, ids, written)


def record_template_uses(template: MessageTemplate) -> None:
    """Keep which pictures and saved blocks of its author the template has. In its save."""
    place, author_id = {"template": template}, template.author_id or 0
    ids = media_ids_in(template.document) | translated_media(template.translations.values())
    written = json.dumps([template.document, template.translations])
    _rewrite(place, author_id, ids, written)
    _rewrite_blocks(place, author_id, saved_ids_in(template.document))


def _rewrite_blocks(place: Mapping[str, Model], owner_id: int, ids: Collection[int]) -> None:
    """Write anew which of the owner's saved blocks stand in a place."""
    rows = SavedBlock.objects.filter(owner_id=owner_id, pk__in=ids)
    _keep(place, "saved_block_id", set(rows.values_list("pk", flat=True)) if ids else set())


def _rewrite(
    place: Mapping[str, Model], owner_id: int, ids: Collection[int | None], written: str = ""
) -> None:
    """Write anew which of the owner's pictures are shown in a place."""
    named = _tokens_in(written)
    wanted = {pk for pk, token in _library(owner_id) if pk in ids or token in named}
    _keep(place, "media_id", wanted)


def _keep(place: Mapping[str, Model], column: str, wanted: set[int]) -> None:
    """Make these the uses of one kind in a place, and leave alone what stays."""
    uses = ContentUse.objects.filter(**place, **{f"{column}__isnull": False})
    known = set(uses.values_list(column, flat=True))
    if gone := known - wanted:
        uses.filter(**{f"{column}__in": gone}).delete()
    ContentUse.objects.bulk_create(
        (ContentUse(**{column: pk}, **place) for pk in sorted(wanted - known)),
        ignore_conflicts=True,
    )


def library_of(owner_id: int, source: str) -> Callable[[str], int | None]:
    """What finds the id of the owner's picture at an address, of those that the source shows."""
    named = _tokens_in(source)
    known = {token: pk for pk, token in _library(owner_id) if token in named}

    def find(address: str) -> int | None:
        return next((known[one] for one in _TOKEN.findall(address) if one in known), None)

    return find


def _tokens_in(written: str) -> set[str]:
    """Everything in a text that may be the token of a picture."""
    return set(_TOKEN.findall(unquote(unescape(written))))


def _library(owner_id: int) -> QuerySet[MediaFile, tuple[int, str]]:
    """Ids and tokens of the owner's pictures."""
    rows = MediaFile.objects.filter(owner_id=owner_id, removed_at=None)
    return rows.values_list("pk", "token")


def translated_media(translated: Iterable[Mapping[str, Any]]) -> set[int]:
    """The ids of the pictures that translations show in the places of others."""
    found = (picture_in(key, entry) for strings in translated for key, entry in strings.items())
    return {number for number in found if 0 < number <= LARGEST}


def picture_in(key: str, entry: Mapping[str, str]) -> int:
    """The id of the picture that an entry of a translation shows; 0 for none."""
    is_picture = key.rpartition(".")[2] in MEDIA_KEYS and entry["text"].isdecimal()
    return int(entry["text"]) if is_picture else 0


def mark_sent(message: Message, now: datetime) -> None:
    """Keep that letters with the pictures of this message go out from now on."""
    shown = Q(message=message)
    if message.document is not None:  # it may show the logo, and what its saved blocks show
        shown |= Q(brand__owner_id=message.owner_id) | Q(in_block__uses__message=message)
    uses = ContentUse.objects.filter(shown)
    MediaFile.objects.filter(pk__in=uses.values("media"), sent_at=None).update(sent_at=now)


def letters_with(media: MediaFile) -> int:
    """How many letters were sent whose run shows the picture."""
    own, further = Cast("content", TextField()), Cast("contents__content", TextField())
    runs = Run.objects.filter(mailing__owner_id=media.owner_id)
    runs = runs.annotate(own=own, further=further)
    shown = runs.filter(Q(own__contains=media.token) | Q(further__contains=media.token))
    found = Run.objects.filter(pk__in=shown.values("pk")).aggregate(sum=Sum("sent"))
    return int(found["sum"] or 0)
