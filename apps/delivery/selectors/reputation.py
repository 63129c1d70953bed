"""What came back of what left, by account and domain of the sender: from counters alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Final

from django.conf import settings

from apps.core.errors import Refused
from apps.delivery.accounts import declared
from apps.mailings.models import Reputation, SendingCount

#: The days that a share is judged by, and those that the page shows, today among them.
JUDGED_DAYS: Final = 7
SHOWN_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class DayFigures:
    """What became of the emails of one day."""

    day: date
    messages: int
    hard_bounces: int
    complaints: int

    @property
    def complaint_share(self) -> float:
        """In percent."""
        return 100 * self.complaints / self.messages if self.messages else 0.0


@dataclass(frozen=True)
class AccountFigures:
    """An account's emails from one domain in the judged days, and the stop that is in force."""

    account: str
    days: Sequence[DayFigures] = field(repr=False)
    stop: Reputation | None

    @cached_property
    def messages(self) -> int:
        return sum(one.messages for one in self.days)

    @cached_property
    def complaints(self) -> int:
        return sum(one.complaints for one in self.days)

    @cached_property
    def hard_bounces(self) -> int:
        return sum(one.hard_bounces for one in self.days)

    @property
    def complaint_share(self) -> float | None:
        """In percent; None: nothing was sent."""
        return 100 * self.complaints / self.messages if self.messages else None

    @property
    def bounce_share(self) -> float | None:
        """In percent; None: nothing was sent."""
        return 100 * self.hard_bounces / self.messages if self.messages else None


@dataclass(frozen=True, slots=True)
class DomainFigures:
    """A domain's figures: by account in the judged days, by day in those that are shown."""

    accounts: list[AccountFigures]
    days: list[DayFigures]


def figures_since(first: date) -> dict[tuple[str, str], list[DayFigures]]:
    """By account and domain, in the order of the days; the account's own domain has its name."""
    rows = SendingCount.objects.filter(day__gte=first).order_by("day")
    columns = ("messages", "hard_bounces", "complaints")
    sums: dict[tuple[str, str, date], list[int]] = defaultdict(lambda: [0, 0, 0])
    for account, domain, day, *counts in rows.values_list("account", "domain", "day", *columns):
        place = sums[account, domain or own_domain(account), day]
        place[:] = [before + more for before, more in zip(place, counts, strict=True)]
    found: dict[tuple[str, str], list[DayFigures]] = defaultdict(list)
    for (account, domain, day), counts in sums.items():
        found[account, domain].append(DayFigures(day, *counts))
    return dict(found)


def own_domain(account: str) -> str:
    """The domain that the account itself writes from; empty: it is declared no more."""
    try:
        return declared(account).from_email.rpartition("@")[2].lower()
    except Refused:
        return ""


def domain_figures(now: datetime) -> dict[str, DomainFigures]:
    """The figures of every domain that anything was sent from."""
    today = now.astimezone(UTC).date()
    found = figures_since(today - timedelta(days=SHOWN_DAYS - 1))
    stops = {(one.account, one.domain): one for one in Reputation.objects.in_force(now)}
    first = today - timedelta(days=JUDGED_DAYS - 1)
    domains: dict[str, DomainFigures] = {}
    for domain in sorted({domain for _account, domain in (*found, *stops) if domain}):
        keys = sorted(key for key in {*found, *stops} if key[1] == domain)
        accounts = [
            AccountFigures(
                key[0], [one for one in found.get(key, []) if one.day >= first], stops.get(key)
            )
            for key in keys
        ]
        every = [day for key in keys for day in found.get(key, [])]
        domains[domain] = DomainFigures(accounts, _by_day(every, today))
    return domains


def _by_day(figures: Iterable[DayFigures], today: date) -> list[DayFigures]:
    """One row for each shown day, those without emails too."""
    sums: dict[date, list[int]] = defaultdict(lambda: [0, 0, 0])
    for one in figures:
        counts = (one.messages, one.hard_bounces, one.complaints)
        sums[one.day] = [a + b for a, b in zip(sums[one.day], counts, strict=True)]
    shown = (today - timedelta(days=back) for back in range(SHOWN_DAYS - 1, -1, -1))
    return [DayFigures(day, *sums[day]) for day in shown]


def stop_percent() -> float:
    """The share of complaints above which an account stops; 0: none does."""
    return float(settings.LIMIT_ACCOUNT_COMPLAINT_PERCENT)
