"""Whom a step may notify: the owner, and managers, who may see the owner's people anyway."""

from __future__ import annotations

from apps.users.models import User


def colleague(owner: User, email: str) -> User | None:
    """The active user with this email, if it is the owner or a manager; no email: the owner."""
    if not email or email.lower() == owner.email.lower():
        return owner
    found = User.objects.filter(email__iexact=email, is_active=True).first()
    return found if found is not None and found.sees_all else None
