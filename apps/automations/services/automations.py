"""What people do to their automations: write, activate, pause, stop and put away.

Refused
├─ AutomationUnknown   automation_unknown       there is none with this id
└─ AutomationState     automation_wrong_state   not in a state in which this can be done
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from apps.automations.definition.parts import Definition, Send
from apps.automations.models import Automation, AutomationVersion, SegmentPresence, Step
from apps.automations.services.letters import mailing_of, make_letter_pictures
from apps.automations.services.people import leave_all
from apps.automations.services.preflight.checking import check_fit
from apps.automations.services.preflight.form import read_draft
from apps.core.errors import Refused
from apps.core.models import OwnedQuerySet
from apps.core.services import BaseCRUDService
from apps.mailings.horizon import newest_id
from apps.mailings.models import (
    Attempt,
    Consent,
    FirstReaction,
    LinkEngagement,
    RecipientTag,
    Subscription,
)

log = structlog.get_logger(__name__)

State = Automation.State
#: The tables that triggers read forward, by the names of their marks.
HISTORY: Final[Mapping[str, type[Model]]] = {
    "subscription": Subscription,
    "consent": Consent,
    "tag": RecipientTag,
    "attempt": Attempt,
    "reaction": FirstReaction,
    "link": LinkEngagement,
}


class AutomationUnknown(Refused):
    """There is no such automation."""

    code = "automation_unknown"


class AutomationState(Refused):
    """The automation is not in a state in which this can be done."""

    code = "automation_wrong_state"


class AutomationService(BaseCRUDService[Automation]):
    """An actor's automations, archived ones too."""

    def rows(self) -> OwnedQuerySet[Automation]:
        return Automation.objects.select_related("owner", "version")

    def save(self, row: Automation) -> Automation:
        """Save name and draft. A draft that cannot be used yet is kept: the activation asks."""
        row.name = " ".join(row.name.split())[:120]
        return super().save(row)

    def remove(self, row: Automation, *, now: datetime) -> bool:
        """Delete one that was never active; archive one that nobody is in.

        Raises AutomationState.
        """
        with transaction.atomic():
            found = _locked(row.pk)
            if found.version is None:
                found.delete()
                return True
            if any(one.inside for one in found.versions.all()):
                raise AutomationState(_("People are still in it. Stop it first."))
            _set(found, State.ARCHIVED)
        log.info("automation_archived", automation_id=row.pk)
        return False


def activate(
    *, automation: Automation, now: datetime, leave: bool = False, move: bool = False
) -> AutomationVersion:
    """Freeze the draft as the next version, from now on the one that people come into.

    Those inside an older one finish it, leave it (``leave``), or go over to the same step of the
    new one (``move``). Raises AutomationUnfit, AutomationState, and what the launch of a letter
    raises.
    """
    for one in read_draft(automation.draft).parts.steps:
        if isinstance(one, Send):
            make_letter_pictures(one.message)  # no transaction should wait for them
    return _freeze(automation, now, leave=leave, move=move)


@transaction.atomic
def _freeze(automation: Automation, now: datetime, *, leave: bool, move: bool) -> AutomationVersion:
    found = _locked(automation.pk)
    if found.state in (State.STOPPING, State.ARCHIVED):
        raise AutomationState(_("A stopped automation is not activated again. Duplicate it."))
    definition = check_fit(found, now)
    number = found.versions.count() + 1
    version = AutomationVersion.objects.create(
        automation=found,
        number=number,
        definition=definition.model_dump(mode="json"),
        activated_at=now,
    )
    _write_steps(version, definition)
    if leave:
        leave_all(automation=found, now=now)
    AutomationVersion.objects.filter(automation=found).update(moves_over=move)
    if found.version is None or found.version.definition["trigger"] != (
        version.definition["trigger"]
    ):
        found.cursors = _marks(now)
        SegmentPresence.objects.filter(automation=found).delete()
    found.version, found.state = version, State.ACTIVE
    found.save(update_fields=["version", "state", "cursors", "updated_at"])
    log.info("automation_activated", automation_id=found.pk, version=number)
    return version


def _marks(now: datetime) -> dict[str, Any]:
    """How far the history has come: what was before begins nothing."""
    marks: dict[str, Any] = {name: newest_id(table) for name, table in HISTORY.items()}
    return marks | {"looked_at": now.isoformat()}


def _write_steps(version: AutomationVersion, definition: Definition) -> None:
    """The steps as rows, and a run for each letter."""
    for position, (one, paths) in enumerate(definition.below(), 1):
        step = Step.objects.create(
            version=version,
            position=position,
            key=one.key,
            kind=one.kind,
            fields=one.model_dump(mode="json"),
            ways=paths,
        )
        if isinstance(one, Send):
            mailing_of(step, 1)


@transaction.atomic
def pause(*, automation: Automation) -> None:
    """Nobody moves from now on; waits are kept. Raises AutomationState."""
    _move(automation, (State.ACTIVE,), State.PAUSED, "automation_paused")


@transaction.atomic
def resume(*, automation: Automation) -> None:
    """End a pause: what has become due meanwhile is done in its order. Raises AutomationState."""
    _move(automation, (State.PAUSED,), State.ACTIVE, "automation_resumed")


@transaction.atomic
def stop(*, automation: Automation, now: datetime, leave: bool = False) -> None:
    """Nobody comes in any more; those inside finish, or leave at once (``leave``).

    Raises AutomationState.
    """
    found = _move(automation, (State.ACTIVE, State.PAUSED), State.STOPPING, "automation_stopped")
    if leave:
        leave_all(automation=found, now=now)


@transaction.atomic
def switch(*, automation: Automation, enabled: bool) -> None:
    """A manager's switch: nobody moves while it is off."""
    Automation.objects.filter(pk=automation.pk).update(is_active=enabled)
    automation.is_active = enabled
    log.info("automation_switched", automation_id=automation.pk, enabled=enabled)


def archive_ended() -> int:
    """Put stopped automations away that nobody is in any more. Returns how many."""
    stopping = Automation.objects.filter(state=State.STOPPING)
    count = 0
    for found in stopping.prefetch_related("versions"):
        if not any(one.inside for one in found.versions.all()):
            count += stopping.filter(pk=found.pk).update(state=State.ARCHIVED)
    return count


def _locked(pk: int) -> Automation:
    rows = Automation.objects.select_for_update(of=("self",)).select_related("owner", "version")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise AutomationUnknown(_("There is no automation (id:%(id)s).") % {"id": pk})
    return found


def _move(automation: Automation, of: Collection[str], to: str, event: str) -> Automation:
    found = _locked(automation.pk)
    if found.state not in of:
        text = _("This automation is %(state)s: that cannot be done now.")
        raise AutomationState(text % {"state": found.get_state_display().lower()})
    _set(found, to)
    automation.state = found.state
    log.info(event, automation_id=found.pk)
    return found


def _set(found: Automation, state: str) -> None:
    found.state = state
    found.save(update_fields=["state", "updated_at"])
