"""Enrolments: whom programs bring into an automation, see in it, and remove."""

from typing import Any

from django.http import Http404
from django.utils import timezone
from ninja import Query, Router, Status

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.routers.automations.automations import own
from apps.api.routers.automations.events import person_at
from apps.api.schemas.automations.enrolments import EnrolIn, Enrolled, EnrolmentFilter, EnrolmentOut
from apps.api.schemas.common import Page, PageQuery, answers
from apps.automations.models import Enrolment
from apps.automations.services import people
from apps.automations.services.automations import AutomationService
from apps.core.permissions import editable_or_403
from apps.mailings.models import Recipient

router = Router(tags=["Automations"])


@router.get(
    "/{int:pk}/enrolments/",
    response=answers({200: Page[EnrolmentOut]}, 404),
    summary="Its enrolments",
)
def list_enrolments(
    request: ApiRequest, pk: int, page: Query[PageQuery], chosen: Query[EnrolmentFilter]
) -> dict[str, Any]:
    """Of all versions, the newest first."""
    automation = AutomationService(request.auth.user).visible_or_404(pk)
    rows = Enrolment.objects.filter(automation=automation)
    if chosen.state is not None:
        rows = rows.filter(state=chosen.state)
    if chosen.recipient is not None:
        rows = rows.filter(recipient_id=chosen.recipient)
    return page_of(rows.select_related("version", "step"), page, counted=rows)


@router.post(
    "/{int:pk}/enrol/", response=answers({200: Enrolled}, 400, 404, 409), summary="Bring people in"
)
def enrol(request: ApiRequest, pk: int, given: EnrolIn) -> dict[str, int]:
    """Recipients of yours, by the rule of re-entry; 404 for an address that no recipient has.

    Who is archived, or is not yours, is kept out. 409 `not_enrolled`: nobody comes in now.
    """
    automation = own(request, pk)
    ids = set(given.recipients) or {person_at(request, given.email, given.phone).pk}
    rows = Recipient.objects.editable_by(request.auth.user).filter(pk__in=ids, archived_at=None)
    cause = f"api:{given.key}" if given.key else ""
    count = people.enrol_people(automation=automation, people=rows, now=timezone.now(), cause=cause)
    return {"entered": count, "kept_out": len(ids) - count}


@router.delete(
    "/{int:pk}/enrolments/{int:enrolment_pk}/",
    response={204: None, **answers({}, 404)},
    summary="Remove from it",
)
def remove_enrolment(request: ApiRequest, pk: int, enrolment_pk: int) -> Status[None]:
    """They leave at once, with the reason `removed`; at the end of the way nothing changes."""
    rows = Enrolment.objects.filter(automation_id=pk)
    found = editable_or_403(rows, request.auth.user, pk=enrolment_pk)
    removed = people.remove(enrolments=Enrolment.objects.filter(pk=found.pk), now=timezone.now())
    if not removed and found.state not in ("finished", "left"):
        raise Http404
    return Status(204, None)
