"""The managers' switch: nobody moves in an automation while it is off."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from apps.automations.models import Automation
from apps.automations.services.automations import switch
from apps.core.permissions import visible_or_404
from apps.users.models import User
from apps.users.selectors import overseers


def is_switchable(actor: User, automation: Automation) -> bool:
    """Managers switch ordinary users' automations and their own; a superuser everybody's."""
    if actor.is_superuser:
        return True
    if "automations.toggle_automation" not in actor.rights:
        return False
    is_own = automation.owner_id == actor.pk
    return is_own or not overseers().filter(pk=automation.owner_id).exists()


def switch_automation(*, automation_id: int, actor: User, enabled: bool) -> Automation:
    """Turn it on or off. Raises Http404 for what is not visible, PermissionDenied."""
    found = visible_or_404(Automation.objects.all(), actor, pk=automation_id)
    if not is_switchable(actor, found):
        raise PermissionDenied(_("You can’t enable or disable this automation."))
    switch(automation=found, enabled=enabled)
    return found
