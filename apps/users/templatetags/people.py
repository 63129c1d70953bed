"""What the frame of every page asks about the signed-in user."""

from __future__ import annotations

from django import template

from apps.users.models import User
from apps.users.notifications import unread

register = template.Library()


@register.simple_tag
def unread_notices(user: User) -> int:
    """How many notifications wait to be read."""
    return unread(user.pk)
