"""The sending accounts as their page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count

from apps.core.contracts import Actor
from apps.delivery.accounts import declared, info_of, make_state_rows
from apps.delivery.limit_periods import bounds, used_now, warm_up_limit
from apps.delivery.models import AccountState, LimitWindow
from apps.delivery.sending_account import SendingAccount
from apps.delivery.server_behavior import is_fresh, pipelining_words
from apps.mailings.failure_reasons import Explanation, explain_error
from apps.mailings.models import Channel, Run
from apps.mailings.sending_accounts import usual_account


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How much of one limit is used in the period that runs now, and when that ends.

    ``warming_up``: this is the limit of today, less than the declared one.
    """

    period: str
    used: int
    limit: int
    ends_at: datetime
    warming_up: bool = False


@dataclass(frozen=True, slots=True)
class AccountCard:
    """One sending account: what it is, its state, and its use in the current periods.

    ``next_slot``: when it may send again; None: now, or not before somebody acts. ``error``: the
    last one, in words.
    """

    declared: SendingAccount
    row: AccountState
    limits: list[LimitUse]
    open_runs: int
    cooling_down: bool
    pipelining: str
    per_connection: int
    next_slot: datetime | None = None
    error: Explanation | None = None

    @property
    def domain(self) -> str:
        """The domain that it writes from, if DNS can be asked for it."""
        account = self.declared
        if not account.writes_email or account.to_files:
            return ""
        return account.from_email.rpartition("@")[2].lower()

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
    limits = _limits_of(account, row.pk, now)
    fresh = is_fresh(row, account.server, now)
    return AccountCard(
        declared=account,
        row=row,
        limits=limits,
        open_runs=open_runs,
        cooling_down=row.not_before is not None and row.not_before > now,
        pipelining=pipelining_words(account.pipelining, row.pipelining if fresh else ""),
        per_connection=row.letters_per_connection if fresh else 0,
        next_slot=_next_slot(account, row, limits, now),
        error=explain_error(row.last_error) if row.last_error else None,
    )


def _limits_of(account: SendingAccount, account_id: int, now: datetime) -> list[LimitUse]:
    """The limits that hold now, the warm-up's instead of the day's where that is lower."""
    limits = dict(account.limits)
    declared_day = limits.get("day")
    if account.warmup_first:
        ramp = warm_up_limit(
            account_id, account.warmup_first, account.warmup_percent, bounds("day", now)[0]
        )
        limits["day"] = min(ramp, declared_day or ramp)
    used = used_now(account_id, limits, now)
    return [
        LimitUse(
            str(_PERIODS[period]),
            used[period],
            limit,
            bounds(period, now)[1],
            warming_up=period == "day" and limit != declared_day,
        )
        for period, limit in limits.items()
    ]


def _next_slot(
    account: SendingAccount, row: AccountState, limits: Sequence[LimitUse], now: datetime
) -> datetime | None:
    """The first moment at which nothing of what is known now stands in the way."""
    waits = [limit.ends_at for limit in limits if limit.used >= limit.limit]
    if row.not_before is not None:
        waits.append(row.not_before)
    if row.quota_left == 0 and row.quota_renews_at is not None:
        waits.append(row.quota_renews_at)
    at = max([now, *waits])
    if account.hours is not None:
        at = account.hours.next_opening(at) or at
    return at if at > now else None


_PERIODS = dict(LimitWindow.Period.choices)
