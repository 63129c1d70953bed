"""`/api/segments/`."""

from typing import Any

from django.http import Http404
from django.utils import timezone
from ninja import Query, Router, Status

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.routers.recipients import shown
from apps.api.schemas.common import Page, PageQuery, Removed, answers
from apps.api.schemas.recipients import RecipientOut
from apps.api.schemas.segments import (
    ExplainQuery,
    SegmentChanges,
    SegmentCount,
    SegmentExplained,
    SegmentIn,
    SegmentOut,
)
from apps.core.permissions import visible_or_404
from apps.mailings.models import Recipient, Segment
from apps.mailings.segments import explained, ground_of, members, sentence, sentences
from apps.mailings.selectors.recipient_search import with_address
from apps.mailings.services.segmentation.segments import SegmentService, counted

router = Router(tags=["Segments"])


def segments_of(request: ApiRequest) -> SegmentService:
    return SegmentService(request.auth.user)


def seen(request: ApiRequest, pk: int) -> Segment:
    rows = Segment.objects.select_related("owner")
    return visible_or_404(rows, request.auth.user, pk=pk)


def body_of(segment: Segment) -> dict[str, Any]:
    names = ("name", "tree", "counted", "counted_at", "archived_at", "created_at", "updated_at")
    own = {name: getattr(segment, name) for name in names}
    return own | {"id": segment.pk, "sentence": sentence(segment.tree, segment.owner)}


@router.get("/", response=answers({200: Page[SegmentOut]}), summary="List segments")
def list_segments(request: ApiRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """One's own, the newest first; for managers everybody's."""
    rows = segments_of(request).list().filter(archived_at=None)
    found = page_of(rows.select_related("owner"), page, counted=rows)
    return found | {"items": [body_of(segment) for segment in found["items"]]}


@router.post("/", response=answers({201: SegmentOut}, 400), summary="Add a segment")
def add_segment(request: ApiRequest, given: SegmentIn) -> Status[dict[str, Any]]:
    """The conditions are checked: `segment_invalid` names the path of what is wrong."""
    fresh = Segment(owner=request.auth.user, name=given.name, tree=given.tree)
    return Status(201, body_of(segments_of(request).save(fresh)))


@router.get("/{int:pk}/", response=answers({200: SegmentOut}, 404), summary="One segment")
def get_segment(request: ApiRequest, pk: int) -> dict[str, Any]:
    """Archived ones too."""
    return body_of(seen(request, pk))


@router.patch("/{int:pk}/", response=answers({200: SegmentOut}, 400, 404), summary="Change it")
def change_segment(request: ApiRequest, pk: int, given: SegmentChanges) -> dict[str, Any]:
    """Runs keep the conditions that they were begun with."""
    mine = segments_of(request)
    segment = mine.editable_or_403(pk)
    segment.name = given.name if given.name is not None else segment.name
    segment.tree = given.tree if given.tree is not None else segment.tree
    return body_of(mine.save(segment))


@router.delete("/{int:pk}/", response=answers({200: Removed}, 404, 409), summary="Archive it")
def archive_segment(request: ApiRequest, pk: int) -> dict[str, int]:
    """Not while a mailing that is still to be sent uses it."""
    mine = segments_of(request)
    mine.remove(mine.editable_or_403(pk), now=timezone.now())
    return {"deleted": 0, "archived": 1}


@router.get("/{int:pk}/count/", response=answers({200: SegmentCount}, 404), summary="Count it")
def count_segment(request: ApiRequest, pk: int, exact: bool = True) -> dict[str, Any]:
    """`exact=false` estimates a large list from a sample."""
    found = counted(segment=seen(request, pk), now=timezone.now(), exact=exact)
    return {
        "count": found.n,
        "exact": found.exact,
        "as_of": found.as_of,
        "cannot_know": found.cannot_know,
    }


@router.get(
    "/{int:pk}/members/", response=answers({200: Page[RecipientOut]}, 404), summary="Its members"
)
def list_members(request: ApiRequest, pk: int, page: Query[PageQuery]) -> dict[str, Any]:
    """The recipients who meet the conditions now, newest first."""
    segment = seen(request, pk)
    rows = members(segment.tree, ground_of(segment.owner, timezone.now()))
    return page_of(shown(rows), page, counted=rows)


@router.get(
    "/{int:pk}/explain/",
    response=answers({200: SegmentExplained}, 404),
    summary="Why somebody is in it",
)
def explain_segment(request: ApiRequest, pk: int, query: Query[ExplainQuery]) -> dict[str, Any]:
    """Every node of the tree with its answer for the recipient who has this address."""
    segment = seen(request, pk)
    mine = Recipient.objects.filter(owner=segment.owner, archived_at=None)
    person = with_address(mine, query.address)
    if person is None:
        raise Http404
    found = explained(segment.tree, ground_of(segment.owner, timezone.now()), person.pk)
    said = sentences(segment.tree, segment.owner)
    return {
        "recipient": person.pk,
        "member": found["root"],
        "answers": [
            {"path": path, "sentence": said[path], "answer": answer}
            for path, answer in found.items()
        ],
    }
