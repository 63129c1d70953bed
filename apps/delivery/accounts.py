"""Accounts: declared in ``.env``, their state in a row of the same name, their channel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parseaddr
from typing import Any, Final, Literal

from django.conf import settings
from django.utils.translation import gettext_noop as _

from apps.core.contracts import AccountInfo, Actor, Channel, Guard
from apps.core.errors import Refused
from apps.core.text.formatting import refusal
from apps.core.values.opening_hours import OpeningHours
from apps.delivery.channels.backend.channel import BackendChannel
from apps.delivery.channels.email.smtp.auth import AccessToken, TokenFromCommand, TokenFromFile
from apps.delivery.channels.email.smtp.channel import SmtpChannel, SmtpConfig
from apps.delivery.channels.gateway.channel import GatewayChannel
from apps.delivery.channels.http.channel import HttpOptions
from apps.delivery.channels.http.client import Timeouts
from apps.delivery.channels.outbox.channel import OutboxChannel
from apps.delivery.channels.sendsay.api import Credentials, SendsayApi
from apps.delivery.channels.sendsay.channel import SendsayChannel
from apps.delivery.channels.telegram.channel import API, TelegramChannel
from apps.delivery.models import AccountState
from apps.delivery.server_capabilities import known

#: What kind of address each kind of account can write to. The outbox takes all, for trying out.
SERVES: Final[Mapping[str, frozenset[str]]] = {
    "smtp": frozenset({"email"}),
    "backend": frozenset({"email"}),
    "sendsay": frozenset({"email"}),
    "gateway": frozenset({"phone"}),
    "telegram": frozenset({"telegram"}),
    "outbox": frozenset({"email", "phone", "telegram"}),
}


#: Runs that a send service for phones works on at a time, unless an administrator says otherwise.
GATEWAY_RUNS: Final = 4
#: Telegram lets a bot send about thirty messages in a second.
TELEGRAM_PER_SECOND: Final = 25


class AccountNotGranted(Refused):
    """Others may send by this account, and the owner may not."""

    code = "account_not_granted"


class AccountUnknown(Refused):
    """The mailing names a sending account that ``.env`` does not declare."""

    code = "account_unknown"


@dataclass(frozen=True, slots=True)
class SendingAccount:
    """A sending account as ``.env`` declares it. ``window`` is W, ``max_connections`` is K,
    ``timeout`` the seconds for one step of the session (ten times that for the final reply).
    ``limits`` are messages by period; ``hours`` None is always."""

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
    limits: Mapping[str, int] = field(default_factory=dict)
    warmup_first: int = 0
    warmup_percent: int = 0
    hours: OpeningHours | None = None
    fallback: str = ""
    token: str = ""
    idempotent: bool = False
    oauth_token_file: str = ""
    oauth_token_command: str = ""
    ehlo_name: str = ""
    ca_file: str = ""
    pipelining: Literal["auto", "full", "envelope", "off"] = "auto"

    @property
    def server(self) -> str:
        """Where it leads to, as host and port."""
        return f"{self.host}:{self.port}"

    def serves(self, channel: str) -> bool:
        """True if a mailing over this channel can use this account."""
        return channel in SERVES[self.kind]

    @property
    def writes_email(self) -> bool:
        """True if it can be tested with any email address."""
        return self.serves("email")

    @property
    def limited(self) -> bool:
        return bool(self.limits or self.warmup_first)

    def __repr__(self) -> str:
        return f"SendingAccount({self.name!r}, {self.kind!r})"


def declared(name: str) -> SendingAccount:
    """The account's declaration. Raises AccountUnknown."""
    found = settings.ACCOUNTS.get(name)
    if found is None:
        text = _("There is no sending account “%(name)s” in .env; there are: %(known)s.")
        raise refusal(AccountUnknown, text, name=name, known=", ".join(sorted(settings.ACCOUNTS)))
    return declaration(name, found)


def declaration(name: str, found: Any) -> SendingAccount:
    """Return what the settings say of one account, with what they leave to others filled in."""
    name_of_sender, address = parseaddr(found.from_email or settings.DEFAULT_FROM_EMAIL)
    return SendingAccount(
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
        limits={
            period: limit
            for period in ("second", "minute", "hour", "day", "month")
            if (limit := _limit(found, period))
        },
        warmup_first=found.warmup_first,
        warmup_percent=found.warmup_percent,
        hours=settings.ACCOUNT_HOURS.get(name),
        fallback=found.fallback,
        token=found.token,
        # The id of a text is its delivery's, the same over all tries.
        idempotent=found.kind == "gateway" if found.idempotent is None else found.idempotent,
        oauth_token_file=found.oauth_token_file,
        oauth_token_command=found.oauth_token_command,
        ehlo_name=found.ehlo_name,
        ca_file=found.ca_file,
        pipelining=found.pipelining,
    )


def request_words(name: str, delivery_id: int) -> str:
    """The request to this account's server for a delivery, as it is logged: without secrets.

    Empty when ``.env`` no longer declares the account, or when nothing leaves the machine.
    """
    found = settings.ACCOUNTS.get(name)
    if found is None or found.kind == "outbox":
        return ""
    account = declaration(name, found)
    if account.kind == "smtp":
        return f"SMTP {account.server}"
    # A bot's token is a part of its path; the other services have one path for everything.
    call = {"gateway": f"/send/{delivery_id}", "telegram": "/sendMessage"}.get(account.kind, "")
    url = account.url or (API if account.kind == "telegram" else "")
    return f"POST {url.rstrip('/')}{call}" if url.startswith("http") else account.kind


def _limit(found: Any, period: str) -> int:
    """So many in a period; 0: any number. A bot keeps to Telegram's pace unless set."""
    limit: int | None = getattr(found, f"per_{period}")
    if limit is None:
        return TELEGRAM_PER_SECOND if found.kind == "telegram" else 0
    return limit


def info_of(name: str) -> AccountInfo:
    """What those need to know who choose an account. Raises AccountUnknown."""
    kind = declared(name).kind
    users = settings.ACCOUNT_USERS.get(name, frozenset())
    return AccountInfo(name, SERVES[kind], kind == "outbox", users)


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
    """A service for texts answers slowly and one by one: several runs share the waiting."""
    found = settings.ACCOUNTS.get(name)
    gateway = found is not None and found.kind == "gateway"
    return {"max_processing_runs": GATEWAY_RUNS} if gateway else {}


def open_channel(account: SendingAccount, guard: Guard) -> Channel:
    """A channel for this account. Connects when the first letter comes."""
    return _OPENERS.get(account.kind, _smtp)(account, guard)


def _outbox(account: SendingAccount, guard: Guard) -> Channel:
    return OutboxChannel(settings.OUTBOX_DIR, guard, connections=min(2, account.max_connections))


def _backend(account: SendingAccount, guard: Guard) -> Channel:
    return BackendChannel(account.url, guard, connections=account.max_connections)


def _gateway(account: SendingAccount, guard: Guard) -> Channel:
    return GatewayChannel(
        account.url, account.token, guard, timeouts_of(account), _http_options(account)
    )


def _telegram(account: SendingAccount, guard: Guard) -> Channel:
    url = account.url or API
    return TelegramChannel(url, account.token, guard, timeouts_of(account), _http_options(account))


def _sendsay(account: SendingAccount, guard: Guard) -> Channel:
    return SendsayChannel(sendsay_api(account), guard, _http_options(account))


def sendsay_api(account: SendingAccount) -> SendsayApi:
    """For calls beside sending: ``tracking.track`` asks what became of letters."""
    credentials = Credentials(account.token, account.username, account.password)
    return SendsayApi(account.url, credentials, timeouts_of(account))


def timeouts_of(account: SendingAccount) -> Timeouts:
    """How long a call over HTTP may take, by the account's timeout."""
    timeout = account.timeout
    return Timeouts(connect=min(timeout, 10.0), read=timeout, total=2 * timeout)


def _http_options(account: SendingAccount) -> HttpOptions:
    return HttpOptions(
        connections=min(account.max_connections, account.window),
        idempotent=account.idempotent,
        secrets=tuple(filter(None, (account.token, account.password))),
    )


def access_token(account: SendingAccount) -> AccessToken | None:
    """Where its access tokens come from; None: it logs in with a password, or not at all."""
    if account.oauth_token_file:
        return TokenFromFile(settings.BASE_DIR / account.oauth_token_file)
    if account.oauth_token_command:
        return TokenFromCommand(account.oauth_token_command, account.timeout)
    return None


def smtp_config(account: SendingAccount) -> SmtpConfig:
    """How its server is reached."""
    return SmtpConfig(
        host=account.host,
        port=account.port,
        security=account.security,
        username=account.username,
        password=account.password,
        access_token=access_token(account),
        ehlo_name=account.ehlo_name,
        ca_file=account.ca_file,
        connections=min(account.max_connections, account.window),
        connect=account.timeout,
        command=account.timeout,
        data=3 * account.timeout,
        data_done=10 * account.timeout,
        pipelining=account.pipelining,
        max_refusals=settings.DISPATCH_MAX_REFUSALS,
    )


def _smtp(account: SendingAccount, guard: Guard) -> Channel:
    config = replace(smtp_config(account), known=known(account.name, account.server))
    return SmtpChannel(config, guard)


_OPENERS: Final[Mapping[str, Callable[[SendingAccount, Guard], Channel]]] = {
    "outbox": _outbox,
    "backend": _backend,
    "gateway": _gateway,
    "telegram": _telegram,
    "sendsay": _sendsay,
}
