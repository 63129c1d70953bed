"""Pictures that come with a form: files, several at once, or an address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import structlog
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.core.contracts import Actor
from apps.core.errors import Refused
from apps.mailings.models import MediaFile
from apps.mailings.services.media.uploads import take_from_address, take_upload

log = structlog.get_logger(__name__)

#: Files of one form.
MOST_FILES: Final = 20


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the files of a form: the pictures, and by name why the others are none."""

    pictures: list[MediaFile] = field(default_factory=list)
    refusals: list[tuple[str, str]] = field(default_factory=list)

    def attempt(self, name: str, take: Callable[[], MediaFile]) -> None:
        """Keep the picture, or the reason why it is none."""
        try:
            self.pictures.append(take())
        except Refused as refusal:
            log.info("picture_refused", code=refusal.code)
            self.refusals.append((name, str(refusal)))


def add_pictures(request: HttpRequest, owner: Actor) -> Added:
    """Take everything that the form brings; what is refused keeps nothing else back."""
    added, url = Added(), request.POST.get("url", "").strip()
    uploads = request.FILES.getlist("file")
    # One text does not describe several pictures.
    alt = request.POST.get("alt", "") if len(uploads) + bool(url) == 1 else ""
    for upload in uploads[:MOST_FILES]:
        take = partial(take_upload, owner=owner, upload=upload, alt=alt)
        added.attempt(upload.name or "", take)
    for upload in uploads[MOST_FILES:]:
        added.refusals.append((upload.name or "", _("At most 20 files at once.")))
    if url:
        added.attempt(url, partial(take_from_address, owner=owner, url=url, alt=alt))
    if not uploads and not url:
        added.refusals.append(("", _("Choose a picture, or enter its address.")))
    return added
