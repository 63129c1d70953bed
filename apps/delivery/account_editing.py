"""Accounts are added, changed in and removed from ``.env``: what the page and the command share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.audit.acts import Act
from apps.core.audit.log import Object, record
from apps.core.errors import Refused
from apps.core.responses.stored import Response
from apps.delivery.account_settings.declarations import declarations
from apps.delivery.accounts import declaration
from apps.delivery.channels import KINDS
from apps.delivery.engine.routing.circuit_breaker import repaired
from apps.delivery.engine.runs import wait_review
from apps.delivery.service import service

#: Seconds for one step of the check of a connection.
_TIMEOUT: Final = 10.0


class AccountInUse(Refused):
    """Another key of ``.env`` names the account: it cannot be removed."""

    code = "account_in_use"


def check_account(name: str, values: Mapping[str, str]) -> Response | None:
    """Connect and sign in with these keys, which are not saved yet.

    Empty: it works. None: there is nothing to connect to. Raises AccountRefused.
    """
    written = {**declarations().keys_of(name), **values}
    account = declaration(name, declarations().settings_of(written))
    kind = KINDS[account.kind]
    return kind.checked(replace(account, timeout=min(account.timeout, _TIMEOUT)))


def save_account(name: str, values: Mapping[str, str], *, works: bool) -> None:
    """Write the account. ``works``: it was checked; if it needed attention, it sends again.

    Raises AccountRefused, EnvironmentWrong, EnvironmentUnwritable, EnvironmentBusy.
    """
    declarations().save(name, values)
    _note(name, saved=sorted(values))
    if works:
        repaired(name)
    wait_review.review()
    service.wake()


def remove_account(name: str) -> None:
    """Remove the account. Raises AccountInUse, and what ``save_account`` raises."""
    users = sorted(one for one, found in settings.ACCOUNTS.items() if found.fallback == name)
    if users:
        text = _("It is the fallback of %(names)s.") % {"names": ", ".join(users)}
        raise AccountInUse(text)
    if settings.PHONE_ACCOUNT == name:
        raise AccountInUse(_("PHONE_ACCOUNT in .env names it."))
    declarations().remove(name)
    _note(name, removed=True)
    service.wake()


def _note(name: str, **details: Any) -> None:
    """Which keys were written, never their values. The file is no part of a transaction."""
    record(Act.SETTINGS, Object("delivery.accountstate", name=name), details=details)
