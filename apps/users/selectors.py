"""Questions about people that other rooms ask."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.users.models import User

SUGGESTED: Final = 300


def suggested_emails() -> list[str]:
    """Addresses to be offered where somebody is to be named; who is not among them is typed."""
    return list(User.objects.order_by("email").values_list("email", flat=True)[:SUGGESTED])


class UserUnknown(Refused):
    """There is no user with this email address."""

    code = "user_unknown"


def user_named(email: str) -> User:
    """The user with this email address, in any case. Raises UserUnknown."""
    found = User.objects.filter(email=email.strip().lower()).first()
    if found is None:
        raise UserUnknown(_("There is no user with the email %(email)s.") % {"email": email})
    return found


def is_on_probation(user_id: int) -> bool:
    """True for a new user whom no manager has reviewed."""
    return User.objects.filter(pk=user_id, on_probation=True).exists()


def overseers() -> QuerySet[User]:
    """Superusers and managers, blocked ones too: only a superuser may act on them."""
    everyone: Any = None  # documented for is_active, and unknown to the stubs
    return User.objects.with_perm("users.view_all_data", is_active=everyone)
