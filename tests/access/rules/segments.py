"""Segments and custom fields."""

from __future__ import annotations

from typing import Any

from apps.mailings.models import AttributeDefinition, Segment
from tests.access.rules.types import ACT_GET, ACT_POST, LOGIN, NO_WRITING, SEE, SEE_OWN, Endpoint
from tests.people import Cast

FORM = (LOGIN, LOGIN, 404, 200, 403)
NEW = (LOGIN, LOGIN, 200, 200, 200)
TREE = {"version": 1, "root": {"all": [{"field": "email", "op": "known"}]}}


def segment(cast: Cast) -> dict[str, Any]:
    row, _new = Segment.objects.get_or_create(
        owner=cast.owner, name="Reachable", defaults={"tree": TREE}
    )
    return {"pk": row.pk}


def custom_field(cast: Cast) -> dict[str, Any]:
    row, _new = AttributeDefinition.objects.get_or_create(owner=cast.owner, name="age")
    return {"pk": row.pk}


ENDPOINTS = {
    "attributes:list": Endpoint(get=SEE, post=NO_WRITING),
    "attributes:create": Endpoint(get=SEE, post=NEW),
    "attributes:edit": Endpoint(get=FORM, post=FORM, kwargs=custom_field),
    "attributes:misfits": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=custom_field),
    "attributes:misfits_export": Endpoint(
        get=SEE_OWN, post=NO_WRITING, kwargs=lambda cast: custom_field(cast) | {"form": "csv"}
    ),
    "attributes:archive": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=custom_field),
    "attributes:restore": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=custom_field),
    "segments:list": Endpoint(get=SEE, post=NO_WRITING),
    "segments:create": Endpoint(get=SEE, post=NEW),
    "segments:detail": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=segment),
    "segments:edit": Endpoint(get=FORM, post=FORM, kwargs=segment),
    "segments:export": Endpoint(
        get=SEE_OWN, post=NO_WRITING, kwargs=lambda cast: segment(cast) | {"form": "csv"}
    ),
    "segments:archive": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=segment),
    "segments:restore": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=segment),
}

COUNTS = {
    "/attributes/": 4,
    "/attributes/new/": 3,
    "/segments/": 4,
    "/segments/new/": 6,
}
