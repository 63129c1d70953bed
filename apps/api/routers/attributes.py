"""`/api/attributes/`: custom fields."""

from typing import Any

from django.utils import timezone
from ninja import Query, Router, Status

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.schemas.common import Page, PageQuery, Removed, answers
from apps.api.schemas.segments import AttributeIn, AttributeOut
from apps.mailings.models import AttributeDefinition
from apps.mailings.services.segmentation.attributes import AttributeService

router = Router(tags=["Custom fields"])


def attributes_of(request: ApiRequest) -> AttributeService:
    return AttributeService(request.auth.user)


def body_of(row: AttributeDefinition) -> dict[str, Any]:
    names = ("name", "label", "kind", "choices", "public", "position", "misfits", "archived_at")
    own = {name: getattr(row, name) for name in names}
    return own | {"id": row.pk, "reading": row.read_up_to is not None}


@router.get("/", response=answers({200: Page[AttributeOut]}), summary="List custom fields")
def list_attributes(request: ApiRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """One's own, the newest first; for managers everybody's."""
    found = page_of(attributes_of(request).list(), page)
    return found | {"items": [body_of(row) for row in found["items"]]}


@router.post("/", response=answers({201: AttributeOut}, 400, 409), summary="Add a custom field")
def add_attribute(request: ApiRequest, given: AttributeIn) -> Status[dict[str, Any]]:
    """Values that people have already are read as its kind in the background."""
    fresh = AttributeDefinition(owner=request.auth.user, **given.dict())
    return Status(201, body_of(attributes_of(request).save(fresh)))


@router.get("/{int:pk}/", response=answers({200: AttributeOut}, 404), summary="One custom field")
def get_attribute(request: ApiRequest, pk: int) -> dict[str, Any]:
    return body_of(attributes_of(request).visible_or_404(pk))


@router.put("/{int:pk}/", response=answers({200: AttributeOut}, 400, 404, 409), summary="Change it")
def change_attribute(request: ApiRequest, pk: int, given: AttributeIn) -> dict[str, Any]:
    """The name stays. Another kind reads all values anew: `reading` until that is done."""
    mine = attributes_of(request)
    row = mine.editable_or_403(pk)
    for name, value in given.dict(exclude={"name"}).items():
        setattr(row, name, value)
    return body_of(mine.save(row))


@router.delete("/{int:pk}/", response=answers({200: Removed}, 404, 409), summary="Archive it")
def archive_attribute(request: ApiRequest, pk: int) -> dict[str, int]:
    """The values stay. Not while a segment asks for it."""
    mine = attributes_of(request)
    mine.remove(mine.editable_or_403(pk), now=timezone.now())
    return {"deleted": 0, "archived": 1}
