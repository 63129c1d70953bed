"""Email and password outside the sign-in page, by the very rules and limits of that page.

Refused
├─ CredentialsWrong     no such user, or not this password: the same for both
├─ TooManyTries         too many of those from one place, or for one address
├─ UserBlocked          the password is right
│  └─ ApprovalAwaited   nobody has let this new user in yet
├─ EmailUnverified      the password is right
└─ SecondFactorNeeded   the password is right, and not enough
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import ValidationError
from django.db import close_old_connections
from django.http import HttpRequest, parse_cookie
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.users.models import User
from apps.users.tokens import valid_token


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


class ApprovalAwaited(UserBlocked):
    """A new user whom no manager has let in yet."""

    code = "approval_awaited"


class EmailUnverified(Refused):
    """The email address has not been confirmed."""

    code = "email_unverified"


class SecondFactorNeeded(Refused):
    """Who has a second factor does not get in by the password alone."""

    code = "second_factor_needed"


def is_signed_in(headers: Mapping[str, str]) -> bool:
    """True if these headers (``COOKIE``, ``AUTHORIZATION``) prove who sends the request."""
    close_old_connections()
    try:
        scheme, _blank, secret = headers.get("AUTHORIZATION", "").partition(" ")
        if scheme.lower() == "bearer":
            return valid_token(secret.strip(), now=timezone.now()) is not None
        request = HttpRequest()
        cookies = parse_cookie(headers.get("COOKIE", ""))
        store = import_module(settings.SESSION_ENGINE).SessionStore
        request.session = store(cookies.get(settings.SESSION_COOKIE_NAME))
        return bool(get_user(request).is_authenticated)
    finally:
        close_old_connections()


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
        raise CredentialsWrong(_("The email address or the password is wrong."))
    if user.awaits_approval:
        raise ApprovalAwaited(_("A manager has to approve this account first."))
    if not user.is_active:
        raise UserBlocked(_("This user is blocked."))
    if not EmailAddress.objects.filter(user=user, email__iexact=email, verified=True).exists():
        raise EmailUnverified(_("Confirm the email address first."))
    if is_mfa_enabled(user):
        text = _("With two-step sign-in, make a token on the page /profile/tokens/.")
        raise SecondFactorNeeded(text)
    return user
