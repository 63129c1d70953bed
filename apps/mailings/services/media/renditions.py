"""Addresses of pictures, as wide as a letter shows them: made when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import structlog
from django.conf import settings
from django.urls import reverse

from apps.core.http.costly import Busy
from apps.core.site import site_url
from apps.mailings.media import decoding, files
from apps.mailings.media.errors import MediaRefused
from apps.mailings.models import MediaFile, MediaRendition

#: Colours that are proposed of a picture.
COLOURS: Final = 5

log = structlog.get_logger(__name__)

#: Widths are rounded up to these, so that dragging a block's edge does not make a file a step.
_STEP: Final = 100


def rendition(media: MediaFile, width: int) -> MediaRendition | None:
    """The file of a picture that is at least so wide, or as wide as the picture; made if need be.

    None when the picture has no file any more. What cannot be made now is the picture itself.
    """
    rows = {one.width: one for one in media.renditions.all()}
    whole = rows.get(media.width)
    asked = _rounded(width)
    if whole is None or asked >= media.width:
        return whole
    return rows.get(asked) or _made(media, whole, asked) or whole


def _rounded(width: int) -> int:
    return max(_STEP, -(-width // _STEP) * _STEP)


def _made(media: MediaFile, whole: MediaRendition, width: int) -> MediaRendition | None:
    whole.media = media
    content = files.content_of(whole)
    if content is None:
        return None
    try:
        (made,) = decoding.decoded(content, [width], keep=media.kind).files
    except (MediaRefused, Busy) as refusal:
        log.warning("rendition_not_made", media_id=media.pk, width=width, reason=str(refusal))
        return None
    digest = files.write(media, made.content)
    row, _new = MediaRendition.objects.get_or_create(
        media=media, width=width, defaults={"sha256": digest, "size": len(made.content)}
    )
    return row


def address(media: MediaFile, width: int) -> str:
    """The public address of a file of the picture that exists, as letters hold it."""
    base = settings.MEDIA_BASE_URL or site_url()
    return f"{base}{path(media, width)}"


def path(media: MediaFile, width: int) -> str:
    """The same on this site, for its own pages."""
    found = reverse("media:file", args=[media.token, width, media.extension])
    # Kept for a year by everybody who has asked: another picture needs another address.
    return found if media.revision == 1 else f"{found}?r={media.revision}"


def picture_address(*, owner_id: int, media_id: int, width: int) -> str:
    """The address of one of the owner's pictures, at least so wide; empty when it is none.

    ``width`` is in pixels of the file: twice what the letter shows.
    """
    return PictureAddresses(owner_id)(media_id, width)


def picture_content(*, owner_id: int, media_id: int, width: int) -> tuple[str, bytes] | None:
    """Type and bytes of one of the owner's pictures, for a letter that carries it; None without."""
    media = PictureAddresses(owner_id).media(media_id)
    row = rendition(media, width) if media is not None else None
    if media is None or row is None:
        return None
    row.media = media
    content = files.content_of(row)
    return (media.content_type, content) if content is not None else None


def picture_colours(*, owner_id: int, media_id: int) -> list[str]:
    """The colours of one of the owner's pictures; none where it is none.

    Raises MediaRefused, Busy.
    """
    media = PictureAddresses(owner_id).media(media_id)
    row = _existing(media, 1) if media is not None else None
    if media is None or row is None:
        return []
    row.media = media
    content = files.content_of(row)
    return decoding.colours_in(content, COLOURS) if content is not None else []


class PictureAddresses:
    """The addresses of the pictures of one owner's letter, as its compiler asks for them.

    Called with a picture's id and the width of the file in pixels: twice what the letter shows.
    Pictures of others are none: a document may name any number. ``make``: what has the wrong width
    is made; otherwise, for a page that somebody waits for, the next wider file is taken.
    """

    def __init__(self, owner_id: int, ids: Iterable[int] = (), *, make: bool = True) -> None:
        self._rows = MediaFile.objects.filter(owner_id=owner_id, removed_at=None)
        self._found: dict[int, MediaFile | None] = {}
        self._given: dict[tuple[int, int], str] = {}
        self._make = make
        if wanted := set(ids):
            rows = self._rows.filter(pk__in=wanted).prefetch_related("renditions")
            self._found = dict.fromkeys(wanted) | {one.pk: one for one in rows}

    def __call__(self, media_id: int, width: int) -> str:
        """The address of a file that is at least so wide; empty when the owner has none."""
        place = (media_id, _rounded(width))
        if place not in self._given:
            self._given[place] = self._address(media_id, width)
        return self._given[place]

    def _address(self, media_id: int, width: int) -> str:
        row = self.file(media_id, width)
        return address(row.media, row.width) if row is not None else ""

    def file(self, media_id: int, width: int) -> MediaRendition | None:
        """A file that is at least so wide; None when the owner has none."""
        media = self.media(media_id)
        if media is None:
            return None
        row = rendition(media, width) if self._make else _existing(media, width)
        if row is not None:
            row.media = media
        return row

    def media(self, media_id: int) -> MediaFile | None:
        """The picture with this id; None when the owner has none."""
        if media_id not in self._found:
            rows = self._rows.filter(pk=media_id).prefetch_related("renditions")
            self._found[media_id] = rows.first()
        return self._found[media_id]


def _existing(media: MediaFile, width: int) -> MediaRendition | None:
    rows = sorted(media.renditions.all(), key=lambda one: one.width)
    return next((one for one in rows if one.width >= width), rows[-1] if rows else None)
