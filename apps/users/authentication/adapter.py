"""What is ours in sign-up, sign-in and the mails about accounts.

Links begin with the site's own address, never a visitor's: the ``Host`` of a request is written by
its sender, and a link to set a new password that begins with it would carry the key to a
stranger's server.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from allauth.core.internal.httpkit import get_client_ip
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from apps.core.site import LOOPBACK, site_url
from apps.users.authentication.account_mails import post
from apps.users.authentication.approval import await_approval, notify_managers
from apps.users.authentication.mail_html import mail_html
from apps.users.authentication.security_log import note_failed_sign_in
from apps.users.models import User

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Allauth's own, with the name and the address of the site from ``.env``."""

    # --- who may come in

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGN_UP != "closed")

    def new_user(self, request: HttpRequest) -> User:
        user: User = super().new_user(request)
        if settings.SIGN_UP == "approved":
            await_approval(user)
        else:  # nobody has looked at this user yet
            user.on_probation = True
        return user

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponseBase | None:
        """Who waits for approval confirms the address first."""
        confirmed = EmailAddress.objects.filter(user=user, verified=True).exists()
        if user.awaits_approval and kwargs["signup"] and not confirmed:
            return None
        response: HttpResponseBase | None = super().pre_login(request, user, **kwargs)
        return response

    def login(self, request: HttpRequest, user: User) -> None:
        """Confirming an address signs its browser in, but nobody who waits or is blocked."""
        if not user.is_active:
            raise ImmediateHttpResponse(self.respond_user_inactive(request, user))
        super().login(request, user)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        done: bool = super().confirm_email(request, email_address)
        if done and email_address.user.awaits_approval:
            notify_managers(email_address.user)
        return done

    # --- wrong passwords

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Account and visitor: five wrong passwords keep out who sent them, and nobody else."""
        return f"{_login(credentials)}|{ratelimit.get_ip(request)}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        login = _login(credentials)
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            log.warning("sign_in_locked", email=login, for_whom="visitor")
            raise
        self._account_usage = ratelimit.consume(
            request, app="allauth.account", action="login_failed_account", key=login
        )
        if not self._account_usage:
            log.warning("sign_in_locked", email=login, for_whom="account")
            raise self.validation_error("too_many_login_attempts")

    def _rollback_login_failed_rl_usage(self) -> None:
        super()._rollback_login_failed_rl_usage()
        if usage := getattr(self, "_account_usage", None):
            usage.rollback()

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        log.warning("sign_in_failed", email=_login(credentials), reason="credentials")
        # What was typed may be a password: only an account that there is gets named.
        known = User.objects.filter(email=_login(credentials)).first()
        note_failed_sign_in(known, request, "credentials")

    # --- mails

    def get_client_ip(self, request: HttpRequest) -> str:
        """The visitor's address; a socket without one is one visitor."""
        return get_client_ip(request) or "unknown"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        public = {name: _public(value) for name, value in context.items()}
        site = {"name": _("Vestnik"), "domain": urlsplit(site_url()).netloc}
        kwargs = {"request": self.request, "email": email, **public, "current_site": site}
        mail = self.render_mail(template_prefix, email, kwargs)
        html = mail_html(mail.subject, str(mail.body), name=site["name"], domain=site["domain"])
        mail.attach_alternative(html, "text/html")
        post(mail)

    def format_email_subject(self, subject: str) -> str:
        """The site's name first, in the language of the mail."""
        return f"[{_('Vestnik')}] {subject}"


def _login(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email", "")).lower()


def _public(value: Any) -> Any:
    """A link of ours under ``SITE_URL``; on one's own machine, under whatever port it was asked."""
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        return value
    link, site = urlsplit(value), urlsplit(site_url())
    if link.hostname in LOOPBACK and site.hostname in LOOPBACK:
        return value
    return urlunsplit((site.scheme, site.netloc, link.path, link.query, link.fragment))
