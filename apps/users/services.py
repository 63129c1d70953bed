"""Block and unblock users, and delete those who never confirmed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.users.models import User
from apps.users.selectors import overseers
from apps.users.tokens import revoke_all

log = structlog.get_logger(__name__)

#: What a sign-up itself leaves behind; anything more is somebody's work and stays.
_TRACES: Final = frozenset({EmailAddress})


class BlockForbidden(Refused):
    """Nobody blocks oneself or a superuser; a manager is blocked by a superuser only."""

    code = "block_forbidden"


def may_block(actor: User, user: User, oversees: bool) -> bool:
    """``oversees``: is the user a superuser or a manager?"""
    if user.pk == actor.pk or user.is_superuser or "users.block_user" not in actor.rights:
        return False
    return actor.is_superuser or not oversees


@transaction.atomic
def toggle_active(*, user_id: int, actor: User) -> User:
    """Block the user, or lift the block. Sessions and API tokens of a blocked user end with it.

    Raises User.DoesNotExist, and BlockForbidden when the actor may not do it.
    """
    user = User.objects.select_for_update().get(pk=user_id)
    if not may_block(actor, user, overseers().filter(pk=user.pk).exists()):
        raise BlockForbidden(_("You may not block or unblock this user."))
    user.is_active = not user.is_active
    approved, user.awaits_approval = user.awaits_approval, False
    user.save(update_fields=["is_active", "awaits_approval"])
    if not user.is_active:
        _end_sessions(user)
        revoke_all(owner=user, now=timezone.now())
    event = "user_approved" if approved else "user_toggled"
    log.info(event, user_id=user.pk, active=user.is_active, by=actor.pk)
    return user


@transaction.atomic
def end_probation(*, user_id: int, actor: User) -> User:
    """Let a new user send as much as the others.

    Raises User.DoesNotExist, and BlockForbidden when the actor may not do it.
    """
    user = User.objects.select_for_update().get(pk=user_id)
    if not may_block(actor, user, overseers().filter(pk=user.pk).exists()):
        raise BlockForbidden(_("You may not lift the limit of this user."))
    user.on_probation = False
    user.save(update_fields=["on_probation"])
    log.info("probation_ended", user_id=user.pk, by=actor.pk)
    return user


@transaction.atomic
def give_address(user: User, *, before: str) -> None:
    """Let the user sign in by the email that was given to them, and by the old one no more."""
    EmailAddress.objects.filter(user=user, email__iexact=before).delete()
    EmailAddress.objects.filter(user=user).update(primary=False)
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
    log.info("address_primary", user_id=user.pk, email=user.email)


def _end_sessions(user: User) -> None:
    """Every request asks whether its user is active; a session that can serve nobody is litter."""
    alive = Session.objects.filter(expire_date__gt=timezone.now())
    for session in alive.iterator(chunk_size=500):
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()


@transaction.atomic
def release_address(*, email: str, now: datetime) -> bool:
    """Free an address whose sign-up was never confirmed and whose link has run out.

    Only an account that nobody ever used goes: no sign-in, no rights, no row of its own. Returns
    whether there was one.
    """
    expired = now - timedelta(days=settings.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS)
    stale = User.objects.select_for_update().filter(
        Q(is_active=True) | Q(awaits_approval=True),
        email=email.lower(),
        date_joined__lt=expired,
        last_login=None,
        is_staff=False,
        is_superuser=False,
    )
    user = stale.first()
    if user is None or not EmailAddress.objects.filter(user=user).exists() or _is_in_use(user):
        return False
    log.info("sign_up_forgotten", user_id=user.pk)
    user.delete()
    return True


def _is_in_use(user: User) -> bool:
    if EmailAddress.objects.filter(user=user, verified=True).exists() or user.groups.exists():
        return True
    return any(
        link.related_model._base_manager.filter(**{link.field.name: user.pk}).exists()
        for link in User._meta.related_objects
        if link.related_model not in _TRACES
    )
