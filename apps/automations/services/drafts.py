"""What people do to the draft of an automation: change it, give it up, copy it.

Refused
└─ AutomationState   automation_wrong_state   what was stopped or archived is not written any more
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.automations.definition.parts import Definition
from apps.automations.models import Automation, AutomationVersion
from apps.automations.services.automations import AutomationService, AutomationState
from apps.automations.services.preflight.checking import check_written
from apps.core.contracts import Actor
from apps.core.permissions import editable_or_403
from apps.users.models import User

log = structlog.get_logger(__name__)

State = Automation.State
Draft = dict[str, Any]
#: What has not been written yet.
EMPTY: Final[Draft] = {
    "trigger": {"kind": "manual"},
    "reentry": {"kind": "once"},
    "exits": {"goal": None, "unsubscribed": True, "suppressed": True},
    "steps": [],
}


def is_open(automation: Automation) -> bool:
    """True if its draft may be changed: it can still be activated."""
    return automation.state not in (State.STOPPING, State.ARCHIVED)


def create_draft(*, owner: User, name: str, draft: Draft) -> Automation:
    """Keep what a program has written as a new automation. Raises AutomationUnfit."""
    check_written(draft, owner)
    return AutomationService(owner).save(Automation(owner=owner, name=name, draft=EMPTY | draft))


def replace_draft(*, automation_id: int, actor: Actor, draft: Draft) -> Automation:
    """Replace the draft by what a program has written. Raises AutomationUnfit, AutomationState."""
    found = editable_or_403(Automation.objects.select_related("owner"), actor, pk=automation_id)
    check_written(draft, found.owner)

    def replace(kept: Draft) -> None:
        kept.clear()
        kept.update(EMPTY | draft)

    return change_draft(automation_id=automation_id, actor=actor, change=replace)


def rename(*, automation_id: int, actor: Actor, name: str) -> None:
    """Give it another name, in any state; an empty one is none."""
    found = editable_or_403(Automation.objects.all(), actor, pk=automation_id)
    if name := " ".join(name.split())[:120]:
        Automation.objects.filter(pk=found.pk).update(name=name, updated_at=timezone.now())


@transaction.atomic
def change_draft(
    *, automation_id: int, actor: Actor, change: Callable[[Draft], None]
) -> Automation:
    """Let ``change`` write into the draft, which nobody else writes meanwhile.

    Raises AutomationState, ValidationError, and what ``change`` raises.
    """
    rows = Automation.objects.select_for_update(of=("self",)).select_related("owner", "version")
    found = editable_or_403(rows, actor, pk=automation_id)
    if not is_open(found):
        raise AutomationState(_("A stopped automation can’t be edited. Duplicate it."))
    draft = {**copy.deepcopy(EMPTY), **copy.deepcopy(found.draft)}
    change(draft)
    found.draft = draft
    return AutomationService(actor).save(found)


def discard_draft(*, automation_id: int, actor: Actor) -> Automation:
    """Make the draft what is active now. Raises AutomationState."""

    def back(draft: Draft) -> None:
        version = AutomationVersion.objects.filter(automation=automation_id).first()
        if version is None:
            raise AutomationState(_("It was never active: there is nothing to go back to."))
        draft.clear()
        draft.update(without_none(version.definition))

    return change_draft(automation_id=automation_id, actor=actor, change=back)


def duplicate(*, automation: Automation, owner: User) -> Automation:
    """A draft with the same steps."""
    name = _("%(name)s (copy)") % {"name": automation.name[:100]}
    made = Automation(owner=owner, name=name, draft=copy.deepcopy(automation.draft))
    AutomationService(owner).save(made)
    log.info("automation_duplicated", automation_id=made.pk, of=automation.pk)
    return made


def differs(automation: Automation) -> bool:
    """True if the draft is not what is active now."""
    if automation.version is None:
        return False
    try:
        draft = Definition.model_validate(automation.draft).model_dump(mode="json")
    except ValueError:
        return True
    return bool(draft != automation.version.definition)


def without_none(value: Any) -> Any:
    """The same without what says nothing: a frozen definition as a draft."""
    if isinstance(value, dict):
        return {name: without_none(one) for name, one in value.items() if one is not None}
    return [without_none(one) for one in value] if isinstance(value, list) else value
