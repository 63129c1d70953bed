"""Pictures: their library, and the pictures themselves, which are for everybody."""

from __future__ import annotations

from typing import Any

from tests.access.rules.recipients import FORM
from tests.access.rules.types import (
    ACT_GET,
    LOGIN,
    SEE,
    SEE_OWN,
    Endpoint,
    everybody,
)
from tests.mailings.media.library import drawn
from tests.people import Cast


def media(cast: Cast) -> dict[str, Any]:
    return {"pk": drawn(cast.owner, name="Меню").pk}


def file(cast: Cast) -> dict[str, Any]:
    return {"token": drawn(cast.owner).token, "width": "900", "ending": "png"}


#: Nothing is chosen: the page says so.
ADD = (LOGIN, LOGIN, 200, 200, 200)

ENDPOINTS = {
    "media:file": Endpoint(get=everybody(200), post=everybody(405), kwargs=file),
    "media:list": Endpoint(get=SEE, post=ADD),
    "media:table": Endpoint(get=SEE, post=ADD),
    "media:picker": Endpoint(get=SEE, post=ADD),
    "media:detail": Endpoint(get=SEE_OWN, post=(LOGIN, LOGIN, 404, 302, 403), kwargs=media),
    "media:replace": Endpoint(get=ACT_GET, post=(LOGIN, LOGIN, 404, 200, 403), kwargs=media),
    "media:crop": Endpoint(get=FORM, post=(LOGIN, LOGIN, 404, 422, 403), kwargs=media),
    "media:delete": Endpoint(get=FORM, post=(LOGIN, LOGIN, 404, 302, 403), kwargs=media),
}

COUNTS = {"/media/": 5, "/media/table/": 5, "/media/picker/": 4}
