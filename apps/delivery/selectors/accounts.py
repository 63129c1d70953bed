"""The sending accounts as their page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count

from apps.core.contracts import Actor
from apps.delivery.accounts import declared, info_of, make_state_rows
from apps.delivery.limit_periods import used_now
from apps.delivery.models import AccountState, LimitWindow
from apps.delivery.sending_account import SendingAccount
from apps.delivery.server_behavior import is_fresh, pipelining_words
from apps.mailings.models import Channel, Run
from apps.mailings.sending_accounts import usual_account


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How much of one limit is used in the period that runs now."""

    period: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class AccountCard:
    """One sending account: what it is, its state, and its use in the current periods."""

    declared: SendingAccount
    row: AccountState
    limits: list[LimitUse]
    open_runs: int
    cooling_down: bool
    pipelining: str
    per_connection: int

    @property
    def place(self) -> str:
        """Where it leads to; never with a secret."""
        account = self.declared
        return f"{account.host}:{account.port}" if account.host else account.kind


def route_of(*, channel: str, account: str, actor: Actor) -> tuple[str, str]:
    """Channel and account of this user's message of which one or both are not named (empty).

    Raises AccountUnknown, AccountUnclear, PhoneAccountUnclear.
    """
    if not account:
        channel = channel or Channel.EMAIL
        infos = [info_of(name) for name in sorted(settings.ACCOUNTS)]
        return channel, usual_account(channel, (info for info in infos if info.is_for(actor)))
    account_info = declared(account)
    served = [one for one in Channel.values if one in account_info.serves]
    return channel or served[0], account


def account_cards(now: datetime) -> list[AccountCard]:
    """All accounts that ``.env`` declares, by name."""
    names = sorted(settings.ACCOUNTS)
    rows = {row.name: row for row in AccountState.objects.filter(name__in=names)}
    missing = [name for name in names if name not in rows]
    if missing:
        make_state_rows(missing)
        rows = {row.name: row for row in AccountState.objects.filter(name__in=names)}
    counts = Run.objects.exclude(state=Run.State.DONE).order_by().values_list("account")
    open_runs = dict(counts.annotate(Count("pk")))
    return [_card(rows[name], open_runs.get(name, 0), now) for name in names]


def _card(row: AccountState, open_runs: int, now: datetime) -> AccountCard:
    account = declared(row.name)
    limits = dict(account.limits)
    used = used_now(row.pk, limits, now) if limits else {}
    fresh = is_fresh(row, account.server, now)
    return AccountCard(
        declared=account,
        row=row,
        limits=[
            LimitUse(str(_PERIODS[period]), used[period], limit) for period, limit in limits.items()
        ],
        open_runs=open_runs,
        cooling_down=row.not_before is not None and row.not_before > now,
        pipelining=pipelining_words(account.pipelining, row.pipelining if fresh else ""),
        per_connection=row.letters_per_connection if fresh else 0,
    )


_PERIODS = dict(LimitWindow.Period.choices)
