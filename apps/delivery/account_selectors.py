"""The sending accounts as their page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db.models import Count
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.delivery.accounts import Declared, declared, make_state_rows
from apps.delivery.models import Account, LimitWindow
from apps.delivery.periods import used_now
from apps.delivery.server_facts import is_fresh, pipelining_words
from apps.mailings.models import Channel, Run

#: The account that a message has when nobody chooses another.
_DEFAULT: Final = "email"


class AccountUnclear(Refused):
    """More than one account sends over the channel, and nobody has said which."""

    code = "account_unclear"


class PhoneAccountUnclear(Refused):
    """No account writes to phones, or more than one and nobody has said which."""

    code = "phone_account_unclear"


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How much of one limit is used in the period that runs now."""

    period: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class AccountCard:
    """One way out: what it is, how it is, and what it has done in the periods that run now."""

    declared: Declared
    row: Account
    limits: list[LimitUse]
    open_runs: int
    resting: bool
    pipelining: str
    per_connection: int

    @property
    def place(self) -> str:
        """Where it leads to; never with a secret."""
        way_out = self.declared
        return f"{way_out.host}:{way_out.port}" if way_out.host else way_out.kind


def phone_account() -> str:
    """The account for texts whose sender names none. Raises PhoneAccountUnclear.

    PHONE_ACCOUNT of ``.env``; else the only one there is. Outboxes, which are for trying out, are
    looked at when nothing else writes to phones.
    """
    if settings.PHONE_ACCOUNT:
        return str(settings.PHONE_ACCOUNT)
    chosen = _serving("phone")
    if not chosen:
        raise PhoneAccountUnclear(_("No sending account writes to phones: declare a gateway."))
    if len(chosen) > 1:
        words = _("Several sending accounts write to phones (%(names)s): set PHONE_ACCOUNT.")
        names = ", ".join(account.name for account in chosen)
        raise PhoneAccountUnclear(words % {"names": names})
    return chosen[0].name


def _serving(channel: str) -> list[Declared]:
    """The accounts for a channel; outboxes only when there is no other."""
    known = [declared(name) for name in sorted(settings.ACCOUNTS)]
    ways = [account for account in known if account.serves(channel)]
    return [account for account in ways if account.kind != "outbox"] or ways


def _account_for(channel: str) -> str:
    """The account for a message whose sender names none. Raises AccountUnclear."""
    if channel == Channel.PHONE:
        return phone_account()
    names = [account.name for account in _serving(channel)]
    if channel == Channel.EMAIL or not names:
        return _DEFAULT if _DEFAULT in names or not names else names[0]
    if len(names) > 1:  # a chat belongs to one bot
        words = _("Several sending accounts write to this channel (%(names)s): name one.")
        raise AccountUnclear(words % {"names": ", ".join(names)})
    return names[0]


def way_of(*, channel: str, account: str) -> tuple[str, str]:
    """Channel and account of a message of which one or both are not named (empty).

    Raises AccountUnknown, AccountUnclear, PhoneAccountUnclear.
    """
    if not account:
        channel = channel or Channel.EMAIL
        return channel, _account_for(channel)
    way_out = declared(account)
    served = [one for one in Channel.values if way_out.serves(one)]
    return channel or served[0], account


def account_cards(now: datetime) -> list[AccountCard]:
    """All accounts that ``.env`` declares, by name."""
    names = sorted(settings.ACCOUNTS)
    rows = {row.name: row for row in Account.objects.filter(name__in=names)}
    missing = [name for name in names if name not in rows]
    if missing:
        make_state_rows(missing)
        rows = {row.name: row for row in Account.objects.filter(name__in=names)}
    counts = Run.objects.exclude(state=Run.State.DONE).order_by().values_list("account")
    open_runs = dict(counts.annotate(Count("pk")))
    return [_card(rows[name], open_runs.get(name, 0), now) for name in names]


def _card(row: Account, open_runs: int, now: datetime) -> AccountCard:
    way_out = declared(row.name)
    limits = dict(way_out.limits)
    used = used_now(row.pk, limits, now) if limits else {}
    fresh = is_fresh(row, way_out.server, now)
    return AccountCard(
        declared=way_out,
        row=row,
        limits=[
            LimitUse(str(_PERIODS[period]), used[period], limit) for period, limit in limits.items()
        ],
        open_runs=open_runs,
        resting=row.not_before is not None and row.not_before > now,
        pipelining=pipelining_words(way_out.pipelining, row.pipelining if fresh else ""),
        per_connection=row.letters_per_connection if fresh else 0,
    )


_PERIODS = dict(LimitWindow.Period.choices)
