"""Sign-in by an OpenID Connect provider: what of its word is believed, and what is not."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final, cast

import structlog
from allauth.account.internal.decorators import login_not_required
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.openid_connect import views
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from apps.users.models import User
from apps.users.selectors import overseers

log = structlog.get_logger(__name__)
_NONCE: Final = "oidc_nonce"
#: What allauth raises over an answer that is no JSON object, or lacks what it must have.
_UNREADABLE: Final = (AttributeError, KeyError, TypeError, ValueError)


class StrictProvider(OpenIDConnectProvider):  # type: ignore[misc]
    """A provider of whose claims only plain ones are believed, and with a nonce (Core, 3.1.2.1)."""

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        """Confirmed is what the provider calls ``true``: every other text is a text."""
        addresses: list[Any] = super().extract_email_addresses(data)
        for address in addresses:
            address.verified = address.verified is True or address.verified == "true"
        return addresses

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        """Nothing that the visitor has written goes into the request to the provider."""
        asked: dict[str, Any] = super().get_redirect_from_request_kwargs(request)
        return {**asked, "scope": self.get_scope(), "auth_params": self.get_auth_params()}

    def redirect(self, request: HttpRequest, process: str, **kwargs: Any) -> HttpResponse:
        nonce = secrets.token_urlsafe(24)
        params = {**(kwargs.pop("auth_params", None) or self.get_auth_params()), "nonce": nonce}
        response: HttpResponse = super().redirect(
            request, process, auth_params=params, **{_NONCE: nonce}, **kwargs
        )
        return response


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Allauth's own, with the strict provider. Rights are never to be had by an address."""

    def get_provider(self, request: HttpRequest, provider: str, client_id: Any = None) -> Any:
        found = super().get_provider(request, provider, client_id=client_id)
        return StrictProvider(request, app=found.app)  # no other kind is installed

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        allowed: bool = super().can_authenticate_by_email(login, email)
        return allowed and not _has_rights(email)

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuse an answer that was made for somebody else's request."""
        claims = sociallogin.account.extra_data.get("id_token") or {}
        nonce = str(sociallogin.state.get(_NONCE) or "")
        if not (nonce and constant_time_compare(str(claims.get("nonce", "")), nonce)):
            raise PermissionDenied("nonce")
        taken = [one.email for one in sociallogin.email_addresses if one.verified]
        if not sociallogin.is_existing and any(map(_has_rights, taken)):
            text = _("Sign in with your password first, then connect the other sign-in to it.")
            messages.error(request, text)
            raise ImmediateHttpResponse(redirect("account_login"))

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, *args: Any, **facts: Any
    ) -> None:
        """A sentence above the password form, not a page that leads nowhere."""
        error = facts.get("exception")
        if isinstance(error, OSError):  # what requests raises is one
            raise ImmediateHttpResponse(_away(request, error))
        log.warning("single_sign_on_failed", error=type(error).__name__ if error else "answer")
        text = _("Signing in by %(name)s did not work. Try again, or use your password.")
        messages.error(request, text % {"name": provider.name})
        raise ImmediateHttpResponse(redirect("account_login"))


def _has_rights(email: str) -> bool:
    """True if this is the address of somebody who may do more than a user."""
    named = Q(email__iexact=email) | Q(emailaddress__email__iexact=email)
    staff = User.objects.filter(named).filter(Q(is_superuser=True) | Q(is_staff=True))
    return staff.exists() or overseers().filter(named).exists()


def _away(request: HttpRequest, error: Exception) -> HttpResponse:
    log.warning("single_sign_on_away", exc_info=error)
    text = _("The other sign-in does not answer. Try again later, or use your password.")
    messages.error(request, text)
    return redirect("account_login")


def _or_away(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view; a provider that is away, or says what nobody can read, is a sentence."""

    @login_not_required  # type: ignore[untyped-decorator]
    def guarded(request: HttpRequest, provider_id: str) -> HttpResponse:
        try:
            return view(request, provider_id)
        except (OSError, *_UNREADABLE) as error:
            return _away(request, error)

    return cast("Callable[..., HttpResponse]", guarded)


sign_in = _or_away(views.login)
come_back = _or_away(views.callback)
