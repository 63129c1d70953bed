"""Where pictures and saved blocks are used."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.models import OwnedQuerySet
from apps.mailings.models import ContentUse, MediaFile, Message, SavedBlock


@dataclass(frozen=True, slots=True)
class UsePlace:
    """A place that uses something: what it is called, and its page."""

    title: str
    pk: int
    url: str

    def __str__(self) -> str:
        return f"“{self.title}” (id:{self.pk})"


def places_with(media: MediaFile) -> list[UsePlace]:
    """Where the picture is shown, the archived messages too, the newest first."""
    return _places(ContentUse.objects.filter(media=media))


def places_with_block(block: SavedBlock) -> list[UsePlace]:
    """Where the saved block stands, the archived messages too, the newest first."""
    return _places(ContentUse.objects.filter(saved_block=block))


def _places(uses: OwnedQuerySet[ContentUse]) -> list[UsePlace]:
    rows = uses.select_related("message", "brand", "in_block", "template").order_by("-pk")
    rows = rows.defer("message__text", "message__html", "message__document")
    return [_place(one) for one in rows]


def _place(use: ContentUse) -> UsePlace:
    if use.message is not None:
        return _of_message(use.message)
    if use.in_block is not None:
        url = reverse("blocks:detail", args=[use.in_block.pk])
        return UsePlace(use.in_block.name, use.in_block.pk, url)
    if use.template is not None:
        url = reverse("templates:edit", args=[use.template.pk])
        return UsePlace(use.template.name, use.template.pk, url)
    return UsePlace(_("Your brand"), use.brand.pk, reverse("brand:edit"))


def _of_message(message: Message) -> UsePlace:
    return UsePlace(message.title, message.pk, reverse("messages:detail", args=[message.pk]))
