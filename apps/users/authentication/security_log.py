"""What happens to accounts, one line each: who, from where (the request's), and what.

The signals are allauth's and Django's own; nothing but the log and a mail depends on them.
"""

from __future__ import annotations

from typing import Any

import structlog
from allauth.account import signals as account
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa
from allauth.socialaccount import signals as social
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import Signal, receiver

log = structlog.get_logger(__name__)

#: What is logged of a signal that is about nothing but its user.
_PLAIN: dict[Signal, str] = {
    user_logged_in: "sign_in",
    user_logged_out: "sign_out",
    account.user_signed_up: "sign_up",
    account.password_set: "password_set",
    account.password_changed: "password_changed",
    account.password_reset: "password_reset",
    social.social_account_added: "single_sign_on_added",
    social.social_account_removed: "single_sign_on_removed",
}
_SECOND_FACTOR: dict[Signal, str] = {
    mfa.authenticator_added: "second_factor_on",
    mfa.authenticator_removed: "second_factor_off",
    mfa.authenticator_reset: "second_factor_renewed",
    mfa.authenticator_used: "second_factor_used",
}


def connect() -> None:
    """Begin to listen. Called once, when the apps are ready."""
    for signal in _PLAIN:
        signal.connect(_log_signal, dispatch_uid="security_log")
    for signal in _SECOND_FACTOR:
        signal.connect(_log_second_factor, dispatch_uid="security_log")


def _log_signal(signal: Signal, **facts: Any) -> None:
    user = facts.get("user") or getattr(facts.get("sociallogin"), "user", None)
    if user is None and (gone := facts.get("socialaccount")) is not None:
        user = gone.user
    if user is not None:  # a sign-out of somebody who had not signed in
        log.info(_PLAIN[signal], user_id=user.pk)


def _log_second_factor(signal: Signal, user: Any, authenticator: Any, **facts: Any) -> None:
    log.info(_SECOND_FACTOR[signal], user_id=user.pk, kind=str(authenticator.type))


@receiver(mfa.authentication_failed)
def _second_factor_failed(sender: object, user: Any, **facts: Any) -> None:
    log.warning("sign_in_failed", user_id=user.pk, reason="second_factor")


@receiver(account.email_added)
def _address_added(sender: object, user: Any, email_address: EmailAddress, **facts: Any) -> None:
    log.info("address_added", user_id=user.pk, email=email_address.email)
    public = {"added_email": email_address.email}
    get_adapter().send_notification_mail("account/email/email_added", user, public)


@receiver(account.email_confirmed)
def _address_confirmed(sender: object, email_address: EmailAddress, **facts: Any) -> None:
    log.info("address_confirmed", user_id=email_address.user_id, email=email_address.email)


@receiver(account.email_changed)
def _address_primary(sender: object, user: Any, to_email_address: EmailAddress, **_: Any) -> None:
    log.info("address_primary", user_id=user.pk, email=to_email_address.email)


@receiver(account.email_removed)
def _address_removed(sender: object, user: Any, email_address: EmailAddress, **_: Any) -> None:
    log.info("address_removed", user_id=user.pk, email=email_address.email)
