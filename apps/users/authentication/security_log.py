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
from django.http import HttpRequest

from apps.core.audit.acting import Kind
from apps.core.audit.acts import Act
from apps.core.audit.log import record
from apps.users.middleware import from_request, of_request
from apps.users.models import User

log = structlog.get_logger(__name__)

#: What is logged of a signal that is about nothing but its user.
_PLAIN: dict[Signal, tuple[str, Act]] = {
    user_logged_in: ("sign_in", Act.SIGNED_IN),
    user_logged_out: ("sign_out", Act.SIGNED_OUT),
    account.user_signed_up: ("sign_up", Act.SIGNED_UP),
    account.password_set: ("password_set", Act.PASSWORD_SET),
    account.password_changed: ("password_changed", Act.PASSWORD_SET),
    account.password_reset: ("password_reset", Act.PASSWORD_SET),
    social.social_account_added: ("single_sign_on_added", Act.SECOND_FACTOR),
    social.social_account_removed: ("single_sign_on_removed", Act.SECOND_FACTOR),
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
        event, act = _PLAIN[signal]
        log.info(event, user_id=user.pk)
        note(act, user, facts.get("request"), event)


def _log_second_factor(signal: Signal, user: Any, authenticator: Any, **facts: Any) -> None:
    event = _SECOND_FACTOR[signal]
    log.info(event, user_id=user.pk, kind=str(authenticator.type))
    if event != "second_factor_used":  # that is a sign-in, which has its entry
        note(Act.SECOND_FACTOR, user, facts.get("request"), event)


@receiver(mfa.authentication_failed)
def _second_factor_failed(sender: object, user: Any, **facts: Any) -> None:
    log.warning("sign_in_failed", user_id=user.pk, reason="second_factor")
    note_failed_sign_in(user, facts.get("request"), "second_factor")


@receiver(account.email_added)
def _address_added(sender: object, user: Any, email_address: EmailAddress, **facts: Any) -> None:
    log.info("address_added", user_id=user.pk, email=email_address.email)
    note(Act.ADDRESS, user, facts.get("request"), "address_added")
    public = {"added_email": email_address.email}
    get_adapter().send_notification_mail("account/email/email_added", user, public)


@receiver(account.email_confirmed)
def _address_confirmed(sender: object, email_address: EmailAddress, **facts: Any) -> None:
    log.info("address_confirmed", user_id=email_address.user_id, email=email_address.email)
    note(Act.ADDRESS, email_address.user, facts.get("request"), "address_confirmed")


@receiver(account.email_changed)
def _address_primary(
    sender: object, user: Any, to_email_address: EmailAddress, **facts: Any
) -> None:
    log.info("address_primary", user_id=user.pk, email=to_email_address.email)
    note(Act.ADDRESS, user, facts.get("request"), "address_primary")


@receiver(account.email_removed)
def _address_removed(sender: object, user: Any, email_address: EmailAddress, **facts: Any) -> None:
    log.info("address_removed", user_id=user.pk, email=email_address.email)
    note(Act.ADDRESS, user, facts.get("request"), "address_removed")


def note(act: Act, user: Any, request: HttpRequest | None, event: str) -> None:
    """Note what happened to an account: its user did it, also one who is not signed in yet.

    A session begins before the request knows its user, and ends when it knows none any more.
    """
    by = of_request(request, user) if request is not None else None
    says_more = act in (Act.PASSWORD_SET, Act.SECOND_FACTOR, Act.ADDRESS)
    record(act, user, details={"event": event} if says_more else None, by=by)


def note_failed_sign_in(user: Any, request: HttpRequest | None, reason: str) -> None:
    """Note it for an account and for none alike: both take the same time."""
    by = from_request(request, Kind.VISITOR) if request is not None else None
    record(Act.SIGN_IN_FAILED, user or User, details={"reason": reason}, by=by)
