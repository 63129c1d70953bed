"""Accounts: declared in ``.env``, their state in a row of the same name, their channel."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parseaddr
from typing import Literal

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.contracts import Channel, Guard
from apps.core.errors import Refused
from apps.delivery.channels.backend.channel import BackendChannel
from apps.delivery.channels.email.smtp import SmtpChannel, SmtpConfig
from apps.delivery.channels.outbox.channel import OutboxChannel
from apps.delivery.models import Account


class AccountUnknown(Refused):
    """The mailing names a sending account that ``.env`` does not declare."""

    code = "account_unknown"


@dataclass(frozen=True, slots=True)
class Declared:
    """One way out as ``.env`` declares it. ``window`` is W, ``max_connections`` is K,
    ``timeout`` the seconds for one step of the dialogue (ten times that for the final reply)."""

    name: str
    kind: str
    host: str
    port: int
    security: Literal["none", "starttls", "tls"]
    username: str
    password: str
    url: str
    from_email: str
    from_name: str
    max_connections: int
    window: int
    timeout: float

    def __repr__(self) -> str:
        return f"Declared({self.name!r}, {self.kind!r})"


def declared(name: str) -> Declared:
    """The account's declaration. Raises AccountUnknown."""
    found = settings.ACCOUNTS.get(name)
    if found is None:
        raise AccountUnknown(
            _("There is no sending account “%(name)s” in .env; there are: %(known)s.")
            % {"name": name, "known": ", ".join(sorted(settings.ACCOUNTS))}
        )
    name_of_sender, address = parseaddr(found.from_email or settings.DEFAULT_FROM_EMAIL)
    return Declared(
        name=name,
        kind=found.kind,
        host=found.host,
        port=found.port,
        security=found.security,
        username=found.username,
        password=found.password,
        url=found.url,
        from_email=address,
        from_name=found.from_name or name_of_sender,
        max_connections=found.max_connections,
        window=found.window,
        timeout=found.timeout,
    )


def state_row(name: str) -> Account:
    """The account's state; made ready on first use."""
    return Account.objects.get_or_create(name=name)[0]


def open_channel(account: Declared, guard: Guard) -> Channel:
    """A channel for this account. Connects when the first letter comes."""
    if account.kind == "outbox":
        lines = min(2, account.max_connections)
        return OutboxChannel(settings.OUTBOX_DIR, guard, lines=lines)
    if account.kind == "backend":
        return BackendChannel(account.url, guard, lines=account.max_connections)
    config = SmtpConfig(
        host=account.host,
        port=account.port,
        security=account.security,
        username=account.username,
        password=account.password,
        lines=min(account.max_connections, account.window),
        connect=account.timeout,
        command=account.timeout,
        data=3 * account.timeout,
        data_done=10 * account.timeout,
    )
    return SmtpChannel(config, guard)
