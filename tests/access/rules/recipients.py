"""Recipients and the lists that are brought in."""

from __future__ import annotations

from typing import Any

from apps.mailings.models import RecipientImport
from tests.access.rules.words import ACT_GET, ACT_POST, LOGIN, NO_WRITING, SEE, SEE_OWN, Door
from tests.factories import RecipientFactory, SuppressionFactory, TagFactory
from tests.people import Cast


def recipient(cast: Cast) -> dict[str, Any]:
    return {"pk": RecipientFactory.create(owner=cast.owner).pk}


def brought_in(cast: Cast) -> dict[str, Any]:
    return {"pk": RecipientImport.objects.create(owner=cast.owner, source="a.csv", state="done").pk}


def suppressed(cast: Cast) -> dict[str, Any]:
    one = RecipientFactory.create(owner=cast.owner)
    row = SuppressionFactory.create(owner=cast.owner, address=one.email)
    return {"pk": one.pk, "number": row.pk}


FORM = (LOGIN, LOGIN, 404, 200, 403)
#: A form without its fields is shown again, with what is missing.
NEW = (LOGIN, LOGIN, 200, 200, 200)
CSV = {"form": "csv"}


def tag(cast: Cast) -> dict[str, Any]:
    return {"pk": TagFactory.create(owner=cast.owner).pk}


DOORS = {
    "recipients:tags": Door(get=SEE, post=(LOGIN, LOGIN, 302, 302, 302)),
    "recipients:tag_suggestions": Door(get=SEE, post=NO_WRITING),
    "recipients:tag": Door(get=ACT_GET, post=ACT_POST, kwargs=tag),
    "recipients:list": Door(get=SEE, post=NO_WRITING),
    "recipients:create": Door(get=SEE, post=NEW),
    "recipients:bulk": Door(get=ACT_GET, post=(LOGIN, LOGIN, 404, 404, 404)),
    "recipients:export": Door(get=SEE, post=NO_WRITING, kwargs=lambda cast: CSV),
    "recipients:detail": Door(get=SEE_OWN, post=NO_WRITING, kwargs=recipient),
    "recipients:edit": Door(get=FORM, post=FORM, kwargs=recipient),
    "recipients:delete": Door(get=FORM, post=ACT_POST, kwargs=recipient),
    "recipients:restore": Door(get=ACT_GET, post=ACT_POST, kwargs=recipient),
    "recipients:suppress": Door(get=ACT_GET, post=(LOGIN, LOGIN, 404, 404, 403), kwargs=recipient),
    "recipients:lift": Door(get=FORM, post=ACT_POST, kwargs=suppressed),
    "imports:start": Door(get=SEE, post=(LOGIN, LOGIN, 422, 422, 422)),
    "imports:detail": Door(get=SEE_OWN, post=(LOGIN, LOGIN, 404, 302, 403), kwargs=brought_in),
    "imports:rejects": Door(get=(LOGIN, LOGIN, 404, 404, 404), post=NO_WRITING, kwargs=brought_in),
    "imports:discard": Door(get=ACT_GET, post=ACT_POST, kwargs=brought_in),
    "imports:undo": Door(get=ACT_GET, post=ACT_POST, kwargs=brought_in),
}

COUNTS = {
    "/recipients/tags/": 5,
    "/recipients/": 8,
    "/recipients/new/": 4,
    "/recipients/import/": 5,
}
