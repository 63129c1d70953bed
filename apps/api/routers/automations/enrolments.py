"""Enrolments: whom programs bring into an automation, see in it, and remove."""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Status

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.routers.automations.automations import own
from apps.api.routers.automations.events import person_at
from apps.api.schemas.automations.enrolments import (
    EnrolIn,
    Enrolled,
    EnrolmentChoice,
    EnrolmentFilter,
    EnrolmentOut,
)
from apps.api.schemas.common import Counted, Page, PageQuery, answers
from apps.automations.clock import database_now
from apps.automations.models import Enrolment, Step
from apps.automations.services import people
from apps.automations.services.automations import AutomationService
from apps.automations.showing.people import people_of
from apps.core.models import OwnedQuerySet
from apps.core.permissions import editable_or_403, visible_or_404
from apps.mailings.models import Recipient, Tag

router = Router(tags=["Automations"])
of_recipients = Router(tags=["Automations"])


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
    rows: OwnedQuerySet[Enrolment] = Enrolment.objects.of(automation)
    if chosen.state is not None:
        rows = rows.filter(state=chosen.state)
    if chosen.recipient is not None:
        rows = rows.filter(recipient_id=chosen.recipient)
    if chosen.version is not None:
        rows = rows.filter(version__number=chosen.version)
    rows = people_of(rows, step=chosen.step or "", did=chosen.did or "")
    return page_of(rows.select_related("version", "step"), page, counted=rows)


@of_recipients.get(
    "/{int:pk}/automations/",
    response=answers({200: Page[EnrolmentOut]}, 404),
    summary="Its automations",
)
def list_automations_of_recipient(
    request: ApiRequest, pk: int, page: Query[PageQuery]
) -> dict[str, Any]:
    """Its enrolments in all automations, the newest first."""
    recipient = visible_or_404(Recipient.objects.all(), request.auth.user, pk=pk)
    rows = Enrolment.objects.filter(recipient=recipient)
    return page_of(rows.select_related("version", "step"), page, counted=rows)


@router.post(
    "/{int:pk}/enrol/", response=answers({200: Enrolled}, 400, 404, 409), summary="Bring people in"
)
def enrol(request: ApiRequest, pk: int, given: EnrolIn) -> dict[str, int]:
    """Recipients of yours, by the rule of re-entry; 404 for an address or tag that nobody has.

    Who is archived, or is not yours, is kept out. 409 `not_enrolled`: nobody comes in now.
    """
    automation = own(request, pk)
    named, count = _whom(request, given)
    cause = f"api:{given.key}" if given.key else ""
    entered = people.enrol_people(
        automation=automation, people=named, now=database_now(), cause=cause
    )
    return {"entered": entered, "kept_out": max(count - entered, 0)}


def _whom(request: ApiRequest, given: EnrolIn) -> tuple[OwnedQuerySet[Recipient], int]:
    """The living recipients that are named, and how many were named. Raises Http404."""
    mine = Recipient.objects.editable_by(request.auth.user).filter(archived_at=None)
    if given.tag is not None:
        tag = get_object_or_404(Tag.objects.editable_by(request.auth.user), name=given.tag)
        tagged = mine.filter(tags=tag)
        return tagged, tagged.count()
    ids = set(given.recipients) or {person_at(request, given.email, given.phone).pk}
    return mine.filter(pk__in=ids), len(ids)


@router.delete(
    "/{int:pk}/enrolments/{int:enrolment_pk}/",
    response={204: None, **answers({}, 404)},
    summary="Remove from it",
)
def remove_enrolment(request: ApiRequest, pk: int, enrolment_pk: int) -> Status[None]:
    """They leave at once, with the reason `removed`; at the end of the way nothing changes."""
    rows = Enrolment.objects.filter(automation_id=pk)
    found = editable_or_403(rows, request.auth.user, pk=enrolment_pk)
    removed = people.remove(enrolments=Enrolment.objects.filter(pk=found.pk), now=database_now())
    if not removed and found.state not in ("finished", "left"):
        raise Http404
    return Status(204, None)


@router.post(
    "/{int:pk}/enrolments/retry/",
    response=answers({200: Counted}, 400, 404, 409),
    summary="Retry a failed step",
)
def retry_enrolments(request: ApiRequest, pk: int, given: EnrolmentChoice) -> dict[str, int]:
    """The failed of these try their step again; 409 `not_enrolled` when none has failed."""
    rows = _chosen(request, pk, given)
    return {"count": people.retry_failed(enrolments=rows, now=database_now())}


@router.post(
    "/{int:pk}/enrolments/skip/",
    response=answers({200: Counted}, 400, 404, 409),
    summary="Skip a failed step",
)
def skip_enrolments(request: ApiRequest, pk: int, given: EnrolmentChoice) -> dict[str, int]:
    """The failed of these go on with the next step; 409 `not_enrolled` when none has failed."""
    rows = _chosen(request, pk, given)
    return {"count": people.skip_failed(enrolments=rows, now=database_now())}


@router.post(
    "/{int:pk}/enrolments/remove/",
    response=answers({200: Counted}, 400, 404),
    summary="Remove several from it",
)
def remove_enrolments(request: ApiRequest, pk: int, given: EnrolmentChoice) -> dict[str, int]:
    """Those of these who are inside leave at once, with the reason `removed`."""
    rows = _chosen(request, pk, given)
    return {"count": people.remove(enrolments=rows, now=database_now())}


def _chosen(request: ApiRequest, pk: int, given: EnrolmentChoice) -> OwnedQuerySet[Enrolment]:
    """Those of the caller's own automation that meet all that is given."""
    rows: OwnedQuerySet[Enrolment] = Enrolment.objects.of(own(request, pk))
    if given.enrolments:
        rows = rows.filter(pk__in=set(given.enrolments))
    if given.state is not None:
        rows = rows.filter(state=given.state)
    if given.step is not None:
        # The services lock rows, and no join may come with them.
        rows = rows.filter(step__in=Step.objects.filter(version__automation=pk, key=given.step))
    return rows
