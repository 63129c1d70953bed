"""What people do to a mailing itself. What moves it goes through the dispatcher."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.mailings.models import Mailing
from apps.users.models import User
from apps.users.selectors import overseers


class ToggleForbidden(Refused):
    """Only managers switch mailings, and not those of superusers or other managers."""

    code = "toggle_forbidden"


def may_toggle(actor: User, *, owner_id: int, owner_oversees: bool) -> bool:
    """Managers switch ordinary users' mailings and their own; a superuser everybody's."""
    if actor.is_superuser:
        return True
    if not actor.has_perm("mailings.toggle_mailing"):
        return False
    return owner_id == actor.pk or not owner_oversees


@transaction.atomic
def toggle_mailing(*, mailing_id: int, actor: User) -> Mailing:
    """Enable the mailing when it is disabled, and the reverse. Nothing else of it changes.

    Raises Mailing.DoesNotExist when the actor may not even see it, ToggleForbidden when the
    actor may see it and not switch it.
    """
    rows = Mailing.objects.visible_to(actor).filter(archived_at=None)
    mailing = rows.select_for_update().get(pk=mailing_id)
    owner_oversees = overseers().filter(pk=mailing.owner_id).exists()
    if not may_toggle(actor, owner_id=mailing.owner_id, owner_oversees=owner_oversees):
        raise ToggleForbidden(_("You may not enable or disable this mailing."))
    mailing.is_active = not mailing.is_active
    mailing.save(update_fields=["is_active", "updated_at"])
    return mailing
