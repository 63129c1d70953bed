"""Pictures: their library, and the pictures themselves, which are for everybody."""

from __future__ import annotations

from typing import Any

from apps.mailings.media import files
from apps.mailings.models import MediaFile, MediaRendition
from tests.access.rules.recipients import FORM
from tests.access.rules.types import (
    ACT_GET,
    LOGIN,
    SEE,
    SEE_OWN,
    Endpoint,
    everybody,
)
from tests.factories import MediaFileFactory
from tests.people import Cast


def of_anna(cast: Cast) -> MediaFile:
    media: MediaFile = MediaFileFactory.create(owner=cast.owner, name="Меню")
    digest = files.write(media, b"picture")
    MediaRendition.objects.create(media=media, width=900, sha256=digest, size=7)
    return media


def media(cast: Cast) -> dict[str, Any]:
    return {"pk": of_anna(cast).pk}


def file(cast: Cast) -> dict[str, Any]:
    return {"token": of_anna(cast).token, "width": "900", "ending": "jpg"}


#: Nothing is chosen: the page says so.
ADD = (LOGIN, LOGIN, 200, 200, 200)

ENDPOINTS = {
    "media:file": Endpoint(get=everybody(200), post=everybody(405), kwargs=file),
    "media:list": Endpoint(get=SEE, post=ADD),
    "media:table": Endpoint(get=SEE, post=ADD),
    "media:picker": Endpoint(get=SEE, post=ADD),
    "media:detail": Endpoint(get=SEE_OWN, post=(LOGIN, LOGIN, 404, 302, 403), kwargs=media),
    "media:replace": Endpoint(get=ACT_GET, post=(LOGIN, LOGIN, 404, 200, 403), kwargs=media),
    "media:delete": Endpoint(get=FORM, post=(LOGIN, LOGIN, 404, 302, 403), kwargs=media),
}

COUNTS = {"/media/": 5, "/media/table/": 5, "/media/picker/": 4}
