"""What a manager does about a user whose sending was paused for its bounces or complaints."""

from __future__ import annotations

import structlog
from django.utils.translation import gettext as _

from apps.mailings.ledger import sending_pauses
from apps.users.models import User
from apps.users.selectors import overseers
from apps.users.services import BlockForbidden, may_block

log = structlog.get_logger(__name__)


def may_lift(actor: User, user: User, oversees: bool) -> bool:
    """Those who may block the user; a superuser also for oneself. ``oversees``: see may_block."""
    return actor.is_superuser or may_block(actor, user, oversees)


def lift_pause(*, user_id: int, actor: User) -> User:
    """Let the user send again; what was sent so far, and runs that are open, count no more.

    Raises User.DoesNotExist, and BlockForbidden when the actor may not do it. Idempotent.
    """
    user = User.objects.get(pk=user_id)
    if not may_lift(actor, user, overseers().filter(pk=user.pk).exists()):
        raise BlockForbidden(_("You may not lift the pause of this user."))
    if sending_pauses.lift(user.pk):
        log.info("sending_pause_lifted", user_id=user.pk, by=actor.pk)
    return user
