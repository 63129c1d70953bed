"""E-mail and password outside the sign-in page, by the very rules and limits of that page.

Refused
├─ CredentialsWrong     no such user, or not this password: the same for both
├─ TooManyTries         too many of those from one place, or for one address
├─ UserBlocked          the password is right
├─ EmailUnverified      the password is right
└─ SecondFactorNeeded   the password is right, and not enough
"""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.mfa.utils import is_mfa_enabled
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.users.models import User


class CredentialsWrong(Refused):
    """There is no such user, or the password is another one."""

    code = "invalid_credentials"


class TooManyTries(Refused):
    """Too many wrong passwords from this place or for this address. ``wait`` is in seconds."""

    code = "too_many_tries"
    wait = 300


class UserBlocked(Refused):
    """A manager has blocked this user."""

    code = "user_blocked"


class EmailUnverified(Refused):
    """The e-mail address has not been confirmed."""

    code = "email_unverified"


class SecondFactorNeeded(Refused):
    """Who has a second factor does not get in by the password alone."""

    code = "second_factor_needed"


def user_of(request: HttpRequest, *, email: str, password: str) -> User:
    """The user whom these credentials prove. Raises one of the above.

    The tries are counted together with those on the sign-in page, and an unknown address costs as
    much time as a wrong password (both by django-allauth).
    """
    try:
        user = get_adapter(request).authenticate(request, email=email, password=password)
    except ValidationError:
        raise TooManyTries(_("Too many tries. Wait a few minutes.")) from None
    if not isinstance(user, User):
        raise CredentialsWrong(_("The e-mail address or the password is wrong."))
    if not user.is_active:
        raise UserBlocked(_("This user is blocked."))
    if not EmailAddress.objects.filter(user=user, email__iexact=email, verified=True).exists():
        raise EmailUnverified(_("Confirm the e-mail address first."))
    if is_mfa_enabled(user):
        words = _("With two-step sign-in, make a token on the page /profile/tokens/.")
        raise SecondFactorNeeded(words)
    return user
