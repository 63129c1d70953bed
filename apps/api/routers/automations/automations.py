"""`/api/automations/`: what the pages do to them."""

from typing import Any

from ninja import Query, Router, Status

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.schemas.automations.automations import (
    ActivateIn,
    AutomationChanges,
    AutomationCheck,
    AutomationDetail,
    AutomationIn,
    AutomationOut,
    StopIn,
)
from apps.api.schemas.common import Page, PageQuery, Removed, answers
from apps.automations.clock import database_now
from apps.automations.models import Automation
from apps.automations.selectors import facts_of
from apps.automations.services import automations
from apps.automations.services.automations import AutomationService
from apps.automations.services.drafts import create_draft, rename, replace_draft
from apps.automations.services.preflight.checking import CheckedDraft, checked_draft
from apps.automations.services.switching import switch_automation

router = Router(tags=["Automations"])
_MOVED = answers({200: AutomationDetail}, 404, 409)


def own(request: ApiRequest, pk: int) -> Automation:
    """The automation, when the caller may change it."""
    return AutomationService(request.auth.user).editable_or_403(pk)


def body_of(automation: Automation) -> dict[str, Any]:
    """What a list has of it."""
    version = automation.version
    return {
        "id": automation.pk,
        "name": automation.name,
        "state": automation.state,
        "is_active": automation.is_active,
        "version": version.number if version is not None else None,
        "inside": version.inside if version is not None else 0,
        "created_at": automation.created_at,
        "updated_at": automation.updated_at,
    }


def whole(request: ApiRequest, pk: int) -> dict[str, Any]:
    """The automation as it is now, with its versions and steps."""
    found = AutomationService(request.auth.user).visible_or_404(pk)
    return body_of(found) | facts_of(found)


@router.get("/", response=answers({200: Page[AutomationOut]}), summary="List automations")
def list_automations(request: ApiRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """One's own, the newest first, archived ones too; for managers everybody's."""
    rows = AutomationService(request.auth.user).list()
    found = page_of(rows, page)
    return found | {"items": [body_of(one) for one in found["items"]]}


@router.post("/", response=answers({201: AutomationDetail}, 400), summary="Add an automation")
def add_automation(request: ApiRequest, given: AutomationIn) -> Status[dict[str, Any]]:
    """A draft, which may lack what it needs; 422 `automation_unfit` for what does not fit."""
    owner = request.auth.user
    made = create_draft(owner=owner, name=given.name, draft=given.draft)
    return Status(201, whole(request, made.pk))


@router.get("/{int:pk}/", response=answers({200: AutomationDetail}, 404), summary="One automation")
def get_automation(request: ApiRequest, pk: int) -> dict[str, Any]:
    """With the equation of each version and the figures of each step."""
    return whole(request, pk)


@router.patch(
    "/{int:pk}/", response=answers({200: AutomationDetail}, 400, 404, 409), summary="Change it"
)
def change_automation(request: ApiRequest, pk: int, given: AutomationChanges) -> dict[str, Any]:
    """Its name, and its draft as a whole: what is active stays as it is until an activation."""
    actor = own(request, pk).owner
    if given.draft is not None:
        replace_draft(automation_id=pk, actor=actor, draft=given.draft)
    if given.name is not None:
        rename(automation_id=pk, actor=actor, name=given.name)
    return whole(request, pk)


@router.delete(
    "/{int:pk}/", response=answers({200: Removed}, 404, 409), summary="Delete or archive it"
)
def delete_automation(request: ApiRequest, pk: int) -> dict[str, int]:
    """One that was never active is deleted, another one archived; 409 while people are inside."""
    service = AutomationService(request.auth.user)
    deleted = service.remove(service.editable_or_403(pk), now=database_now())
    return {"deleted": int(deleted), "archived": int(not deleted)}


@router.get(
    "/{int:pk}/check/", response=answers({200: AutomationCheck}, 404), summary="Check its draft"
)
def check_automation(request: ApiRequest, pk: int) -> CheckedDraft:
    """What an activation would refuse, what might be better, and how many messages a day it is.

    Nothing is changed.
    """
    return checked_draft(AutomationService(request.auth.user).visible_or_404(pk), database_now())


@router.post(
    "/{int:pk}/activate/",
    response=answers({200: AutomationDetail}, 400, 404, 409),
    summary="Activate it",
)
def activate_automation(request: ApiRequest, pk: int, given: ActivateIn) -> dict[str, Any]:
    """The draft becomes the next version, from now on the one that people come into.

    422 `automation_unfit` with everything that prevents it, as the check lists it.
    """
    automation = own(request, pk)
    automations.activate(
        automation=automation,
        now=database_now(),
        leave=given.inside == "leave",
        move=given.inside == "move",
    )
    return whole(request, pk)


@router.post("/{int:pk}/pause/", response=_MOVED, summary="Pause it")
def pause_automation(request: ApiRequest, pk: int) -> dict[str, Any]:
    """Nobody moves; waits are kept, and who comes in waits at the first step."""
    automations.pause(automation=own(request, pk))
    return whole(request, pk)


@router.post("/{int:pk}/resume/", response=_MOVED, summary="Resume it")
def resume_automation(request: ApiRequest, pk: int) -> dict[str, Any]:
    """End a pause: what has become due meanwhile is done."""
    automations.resume(automation=own(request, pk))
    return whole(request, pk)


@router.post(
    "/{int:pk}/stop/",
    response=answers({200: AutomationDetail}, 400, 404, 409),
    summary="Stop it",
)
def stop_automation(request: ApiRequest, pk: int, given: StopIn) -> dict[str, Any]:
    """Nobody comes in any more, for good. It is archived once nobody is inside."""
    automations.stop(automation=own(request, pk), now=database_now(), leave=given.leave)
    return whole(request, pk)


@router.post("/{int:pk}/enable/", response=answers({204: None}, 404), summary="Enable it")
def enable_automation(request: ApiRequest, pk: int) -> Status[None]:
    """Managers only: people move again."""
    return _switch(request, pk, enabled=True)


@router.post("/{int:pk}/disable/", response=answers({204: None}, 404), summary="Disable it")
def disable_automation(request: ApiRequest, pk: int) -> Status[None]:
    """Managers only: nobody moves until it is enabled again."""
    return _switch(request, pk, enabled=False)


def _switch(request: ApiRequest, pk: int, *, enabled: bool) -> Status[None]:
    switch_automation(automation_id=pk, actor=request.auth.user, enabled=enabled)
    return Status(204, None)
