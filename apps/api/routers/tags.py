"""`/api/tags/`."""

from typing import Any

from django.db.models import Count
from django.utils import timezone
from ninja import Query, Router, Status

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.schemas.common import Page, PageQuery, answers
from apps.api.schemas.tags import TagIn, TagMerge, TagOut
from apps.core.models import OwnedQuerySet
from apps.core.permissions import visible_or_404
from apps.mailings.models import Tag
from apps.mailings.services.tags import TagService, merge_tag, rename_tag

router = Router(tags=["Tags"])


def tags_of(request: ApiRequest) -> TagService:
    return TagService(request.auth.user)


def tags() -> OwnedQuerySet[Tag]:
    return Tag.objects.annotate(recipients_count=Count("recipienttag"))


def body_of(tag: Any) -> dict[str, Any]:
    return {"id": tag.pk, "name": tag.name, "recipients": tag.recipients_count}


@router.get("/", response=answers({200: Page[TagOut]}), summary="List tags")
def list_tags(request: ApiRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """One's own, the newest first; for managers everybody's."""
    rows = tags().visible_to(request.auth.user)
    found = page_of(rows, page, counted=tags_of(request).list())
    return found | {"items": [body_of(tag) for tag in found["items"]]}


@router.post("/", response=answers({201: TagOut}, 400), summary="Add a tag")
def add_tag(request: ApiRequest, given: TagIn) -> Status[dict[str, Any]]:
    """Tags also come into being with the recipients that have them."""
    fresh = tags_of(request).save(Tag(owner=request.auth.user, name=given.name))
    return Status(201, body_of(tags().get(pk=fresh.pk)))


@router.get("/{int:pk}/", response=answers({200: TagOut}, 404), summary="One tag")
def get_tag(request: ApiRequest, pk: int) -> dict[str, Any]:
    return body_of(visible_or_404(tags(), request.auth.user, pk=pk))


@router.put("/{int:pk}/", response=answers({200: TagOut}, 400, 404), summary="Rename it")
def rename(request: ApiRequest, pk: int, given: TagIn) -> dict[str, Any]:
    """Everybody who has the tag keeps it."""
    rename_tag(tag=tags_of(request).editable_or_403(pk), name=given.name)
    return body_of(tags().get(pk=pk))


@router.post(
    "/{int:pk}/merge/",
    response=answers({200: TagOut}, 400, 404, 409),
    summary="Merge it into another",
)
def merge(request: ApiRequest, pk: int, given: TagMerge) -> dict[str, Any]:
    """Everybody who has this tag gets the other one, and this one is gone."""
    mine = tags_of(request)
    tag, into = mine.editable_or_403(pk), mine.editable_or_403(given.into)
    merge_tag(tag=tag, into=into)
    return body_of(tags().get(pk=into.pk))


@router.delete("/{int:pk}/", response=answers({204: None}, 404, 409), summary="Delete it")
def delete_tag(request: ApiRequest, pk: int) -> Status[None]:
    """The recipients stay. 409 `still_used`: an automation uses it."""
    mine = tags_of(request)
    mine.remove(mine.editable_or_403(pk), now=timezone.now())
    return Status(204, None)
