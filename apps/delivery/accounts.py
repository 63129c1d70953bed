"""Accounts: declared in ``.env``, their state in a row of the same name, their channel."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from email.utils import parseaddr
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext_noop as _

from apps.core.contracts import AccountInfo, Actor, Channel, Guard
from apps.core.errors import Refused
from apps.core.text.formatting import refusal
from apps.delivery.channels import KINDS
from apps.delivery.channels.email.dkim import DkimKey, signed
from apps.delivery.models import AccountState
from apps.delivery.report_addresses import report_url
from apps.delivery.sending_account import SendingAccount
from apps.delivery.server_behavior import known


class AccountNotGranted(Refused):
    """Others may send by this account, and the owner may not."""

    code = "account_not_granted"


class AccountUnknown(Refused):
    """The mailing names a sending account that ``.env`` does not declare."""

    code = "account_unknown"


#: What an account has as it is declared, under the same name.
_AS_DECLARED: Final = (
    *("kind", "host", "port", "security", "username", "password", "oauth_token_command"),
    *("ehlo_name", "ca_file", "pipelining", "token", "max_connections", "window", "timeout"),
    *("warmup_first", "warmup_percent", "fallback", "link_url"),
    *("provider", "record", "system_type", "sender", "long_text", "transliterate", "price"),
)
_PERIODS: Final = ("second", "minute", "hour", "day", "month")


def declared(name: str) -> SendingAccount:
    """The account's declaration. Raises AccountUnknown."""
    found = settings.ACCOUNTS.get(name)
    if found is None:
        text = _("No sending account “%(name)s” in .env. Available: %(known)s.")
        raise refusal(AccountUnknown, text, name=name, known=", ".join(sorted(settings.ACCOUNTS)))
    return declaration(name, found)


def declaration(name: str, found: Any) -> SendingAccount:
    """Return what the settings say of one account, with what they leave to others filled in."""
    kind = KINDS[found.kind]
    name_of_sender, address = parseaddr(found.from_email or settings.DEFAULT_FROM_EMAIL)
    token_file = found.oauth_token_file
    limits = {period: getattr(found, f"per_{period}") for period in _PERIODS}
    if limits["second"] is None:
        limits["second"] = kind.per_second
    return SendingAccount(
        **{same: getattr(found, same) for same in _AS_DECLARED},
        name=name,
        serves=kind.serves,
        to_files=kind.to_files,
        url=found.url or kind.url,
        from_email=address,
        from_name=found.from_name or name_of_sender,
        limits={period: limit for period, limit in limits.items() if limit},
        hours=settings.ACCOUNT_HOURS.get(name),
        report_url=report_url(kind.name, name) if kind.calls_back else "",
        idempotent=kind.idempotent if found.idempotent is None else found.idempotent,
        oauth_token_file=str(settings.BASE_DIR / token_file) if token_file else "",
        outbox_dir=settings.OUTBOX_DIR,
        max_refusals=settings.DISPATCH_MAX_REFUSALS,
    )


def as_written(name: str) -> Any:
    """What ``.env`` says of the account now, to be compared; None: it is not declared."""
    return settings.ACCOUNTS.get(name)


def request_words(name: str, delivery_id: int) -> str:
    """The request to this account's server for a delivery, as it is logged: without secrets.

    Empty when ``.env`` no longer declares the account, or when nothing leaves the machine.
    """
    found = settings.ACCOUNTS.get(name)
    if found is None or KINDS[found.kind].to_files:
        return ""
    account, kind = declaration(name, found), KINDS[found.kind]
    if kind.is_smtp:
        return f"SMTP {account.server}"
    # A bot's token is a part of its path; the other services have one path for everything.
    path = kind.path.format(id=delivery_id)
    return f"POST {account.url.rstrip('/')}{path}" if kind.over_http else kind.name


def info_of(name: str) -> AccountInfo:
    """What those need to know who choose an account. Raises AccountUnknown."""
    account = declared(name)
    users = settings.ACCOUNT_USERS.get(name, frozenset())
    sender = account.from_email
    if sender and account.from_name:
        sender = f"{account.from_name} <{sender}>"
    return AccountInfo(
        name,
        account.serves,
        account.to_files,
        users,
        account.sender or sender,
        price=account.price,
        transliterate=account.transliterate,
    )


def signer_of(address: str) -> Callable[[bytes], bytes] | None:
    """What signs email from this address; None: nothing."""
    keys = dkim_keys_of(address.rpartition("@")[2].lower())
    return partial(signed, keys=keys) if keys else None


def dkim_keys_of(domain: str) -> tuple[DkimKey, ...]:
    """The keys of the domain, or of the nearest one above it that has any.

    Two keys of a domain, RSA and Ed25519, both sign (RFC 8463, 3).
    """
    fit = [key for key in settings.DKIM_KEYS.values() if key.signs_for(domain)]
    nearest = max((len(key.domain) for key in fit), default=0)
    return tuple(key for key in fit if len(key.domain) == nearest)


def check_granted(name: str, owner: Actor) -> None:
    """Raises AccountNotGranted when this user may not send by the account."""
    if not info_of(name).is_for(owner):
        text = _("You may not send by the account “%(name)s”.")
        raise refusal(AccountNotGranted, text, name=name)


def state_row(name: str) -> AccountState:
    """The account's state; made ready on first use."""
    return AccountState.objects.get_or_create(name=name, defaults=_defaults(name))[0]


def make_state_rows(names: Iterable[str]) -> None:
    """The rows of all these that have none yet."""
    rows = [AccountState(name=name, **_defaults(name)) for name in names]
    AccountState.objects.bulk_create(rows, ignore_conflicts=True)


def _defaults(name: str) -> dict[str, int]:
    found = settings.ACCOUNTS.get(name)
    runs = KINDS[found.kind].parallel_runs if found is not None else 0
    return {"max_processing_runs": runs} if runs else {}


def open_channel(account: SendingAccount, guard: Guard) -> Channel:
    """A channel for this account. Connects when the first letter comes."""
    kind = KINDS[account.kind]
    if kind.is_smtp:
        account = replace(account, learned=known(account.name, account.server))
    return kind.opened(account, guard)
