"""New users whom somebody lets in, where ``SIGN_UP`` is ``approved``."""

from __future__ import annotations

from apps.users.models import User
from apps.users.notifications import NewNotification, notify
from apps.users.selectors import overseers


def await_approval(user: User) -> None:
    """Let this new user wait: the address is confirmed first, then a manager lets them in."""
    user.is_active, user.awaits_approval = False, True


def notify_managers(user: User) -> None:
    """Managers and superusers hear of somebody who waits."""
    facts = {"user": user.pk, "email": user.email}
    notify(
        NewNotification(owner_id=pk, code="user_waits", key=f"user_waits:{user.pk}", facts=facts)
        for pk in overseers().filter(is_active=True).values_list("pk", flat=True)
    )
