"""What is done to a draft: begun from a starting point, copied, given up, played through."""

from typing import Any

from django.http import Http404
from ninja import Query, Router, Status

from apps.api.auth import ApiRequest
from apps.api.routers.automations.automations import own, whole
from apps.api.schemas.automations.automations import AutomationDetail
from apps.api.schemas.automations.drafts import (
    PlayedOut,
    StartingPointIn,
    StartingPointOut,
    TrialQuery,
)
from apps.api.schemas.common import answers
from apps.automations.services.automations import AutomationService
from apps.automations.services.drafts import discard_draft, duplicate
from apps.automations.services.preflight.checking import check_playable
from apps.automations.starting_points.making import begin
from apps.automations.starting_points.points import POINTS
from apps.automations.trying.play import Play, Played
from apps.mailings.models import Recipient
from apps.mailings.selectors.recipient_search import with_address

router = Router(tags=["Automations"])


@router.get(
    "/starting-points/",
    response=answers({200: list[StartingPointOut]}),
    summary="List starting points",
)
def list_starting_points(request: ApiRequest) -> list[dict[str, str]]:
    """Drafts with their messages, ready to be looked through."""
    return [
        {"slug": one.slug, "title": str(one.title), "description": str(one.description)}
        for one in POINTS
    ]


@router.post(
    "/starting-points/{slug:slug}/",
    response=answers({201: AutomationDetail}, 400, 404, 409),
    summary="Begin with a starting point",
)
def begin_automation(
    request: ApiRequest, slug: str, given: StartingPointIn
) -> Status[dict[str, Any]]:
    """A draft with its messages in this language."""
    try:
        made = begin(slug=slug, owner=request.auth.user, language=given.language)
    except LookupError as error:
        raise Http404 from error
    return Status(201, whole(request, made.pk))


@router.post(
    "/{int:pk}/duplicate/", response=answers({201: AutomationDetail}, 404), summary="Duplicate it"
)
def duplicate_automation(request: ApiRequest, pk: int) -> Status[dict[str, Any]]:
    """A draft with the same steps."""
    found = own(request, pk)
    made = duplicate(automation=found, owner=found.owner)
    return Status(201, whole(request, made.pk))


@router.post(
    "/{int:pk}/discard/",
    response=answers({200: AutomationDetail}, 404, 409),
    summary="Discard the changes of its draft",
)
def discard_changes(request: ApiRequest, pk: int) -> dict[str, Any]:
    """The draft is again what is active; 409 for one that never was."""
    discard_draft(automation_id=own(request, pk).pk, actor=request.auth.user)
    return whole(request, pk)


@router.get(
    "/{int:pk}/try/", response=answers({200: list[PlayedOut]}, 404), summary="Try its draft"
)
def try_automation(request: ApiRequest, pk: int, asked: Query[TrialQuery]) -> list[Played]:
    """One recipient played through it, step by step. Nothing is sent or changed.

    422 `automation_unfit` for a draft that cannot be played; 404: no recipient has this address.
    """
    automation = AutomationService(request.auth.user).visible_or_404(pk)
    living = Recipient.objects.filter(owner=automation.owner, archived_at=None)
    person = with_address(living, asked.address)
    if person is None:
        raise Http404
    definition = check_playable(automation)
    return Play(automation, definition, person, asked.start, asked.reaction).run()
