"""A part of a picture as a picture of its own; the whole stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from django.utils.translation import gettext as _

from apps.core.contracts import Actor
from apps.mailings.media import files
from apps.mailings.media.errors import MediaRefused
from apps.mailings.models import MediaFile
from apps.mailings.services.media.uploads import take


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture, in its pixels."""

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def around(
        cls, picture: tuple[int, int], shape: tuple[int, int], focus: tuple[int, int], share: int
    ) -> Self:
        """The part of this shape whose middle is as near to the focus point as its edges allow.

        ``focus``: percent from the left and from the top. ``share``: percent of the largest part.
        """
        width, height = picture
        scale = min(width / shape[0], height / shape[1]) * share / 100
        inner = (
            min(width, max(1, round(shape[0] * scale))),
            min(height, max(1, round(shape[1] * scale))),
        )
        left, top = (
            min(max(0, round(whole * point / 100 - part / 2)), whole - part)
            for whole, point, part in zip(picture, focus, inner, strict=True)
        )
        return cls(left, top, *inner)

    def fits(self, width: int, height: int) -> bool:
        """True if all of it lies in a picture of this size."""
        return self.left + self.width <= width and self.top + self.height <= height


def crop(*, owner: Actor, media: MediaFile, box: Box) -> MediaFile:
    """Keep a part of one of the owner's pictures as another one, with its name and description.

    Raises MediaRefused, Busy, DiskFull.
    """
    if media.animated:
        raise MediaRefused(_("Animated pictures can’t be cropped."))
    whole = media.renditions.filter(width=media.width).first()
    content = files.content_of(whole) if whole is not None else None
    if content is None:
        raise MediaRefused(_("The picture is broken: it cannot be read."))
    edges = (box.left, box.top, box.left + box.width, box.top + box.height)
    name = f"{media.name}.{media.extension}"
    return take(owner=owner, content=content, name=name, alt=media.alt, box=edges)
