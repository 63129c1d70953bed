"""Limits: reserved before a byte leaves, in the claim's own transaction, shared by all processes.

What is used stands in rows; nobody may send what no row has granted. A crash can only leave a
reservation unused. A fixed period allows two limits' worth around its boundary, never inside one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection
from django.db.models import F, Q

from apps.core.responses.stored import Response
from apps.delivery.accounts import state_row
from apps.delivery.limit_periods import bounds, warm_up_limit
from apps.delivery.models import AccountState, LimitWindow
from apps.delivery.selectors.limits import day_limit_of
from apps.delivery.sending_account import SendingAccount
from apps.mailings.ledger import dialect
from apps.mailings.models import Run
from apps.mailings.wait_reasons import account_limit, quota_used_up, user_limit

log = structlog.get_logger(__name__)

#: Seconds until a provider that did not say when its quota is renewed is asked again.
ASK_AGAIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Period:
    """One limit in force now: an account's, or a user's (``owner_id``) over all accounts."""

    name: str
    starts_at: datetime
    ends_at: datetime
    limit: int
    account_id: int | None = None
    owner_id: int | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Why nothing is granted, and until when."""

    reason: str
    until: datetime
    detail: Response


@dataclass(frozen=True, slots=True)
class Grant:
    """So many may be sent until then, counted in these windows; ``left``: what others may take."""

    count: int
    windows: tuple[int, ...] = ()
    wait: Wait | None = None
    until: datetime | None = None
    left: int = 0


class Limiter:
    """Reserves for one run on one account. Costs nothing where nothing is limited."""

    def __init__(self, account: SendingAccount, owner_id: int) -> None:
        self._account = account
        self._owner_id = owner_id
        self._row_id = 0
        self._per_user: int | None = None
        self._known: dict[tuple[str, datetime], int] = {}

    def reserve(self, wanted: int, now: datetime, *, prefetch: int = 0) -> Grant:
        """Up to ``wanted`` messages, in the open transaction. All windows grant it, or none.

        ``prefetch``: so many more, or none of them: they are only for where limits are far.
        """
        self._per_user = day_limit_of(self._owner_id) if self._per_user is None else self._per_user
        if not (self._account.limited or self._per_user):
            return Grant(wanted)
        periods = self._periods(now)
        ids = self._windows(periods)
        for count in (wanted + prefetch, wanted) if prefetch else (wanted,):
            left = _try_reserve(ids, count, self._row_id)
            if left is not None:
                until = min(period.ends_at for period in periods)
                return Grant(count, tuple(ids), until=until, left=left)
        used = _locked(ids)
        if len(used) != len(ids):  # made in a transaction that was undone
            self._known.clear()
            ids = self._windows(periods)
            used = _locked(ids)
        count = wanted
        full: list[Period] = []
        for period, window in zip(periods, ids, strict=True):
            left = max(0, period.limit - used[window])
            count = min(count, left)
            if not left:
                full.append(period)
        if full:
            if any(period.owner_id for period in full) and self._has_another_limit():
                return self.reserve(wanted, now)
            return Grant(0, wait=self._wait(max(full, key=lambda one: one.ends_at)))
        return self._reserve_within_quota(count, ids, now) if count else Grant(0)

    def _has_another_limit(self) -> bool:
        """True if the owner's limit was lifted or replaced since it was read."""
        before, self._per_user = self._per_user, day_limit_of(self._owner_id)
        return before != self._per_user

    def _periods(self, now: datetime) -> list[Period]:
        if not self._row_id:
            self._row_id = state_row(self._account.name).pk
        found = []
        for name, limit in self._account.limits.items():
            start, end = bounds(name, now)
            found.append(Period(name, start, end, limit, account_id=self._row_id))
        if self._account.warmup_first:
            found.append(self._warm_up(now))
        if self._per_user:
            start, end = bounds("day", now)
            found.append(Period("day", start, end, self._per_user, owner_id=self._owner_id))
        days = [one for one in found if one.name == "day" and one.account_id]
        if len(days) > 1:  # the ramp and the day's limit share a row: the smaller one rules
            found = [one for one in found if one not in days]
            found.append(min(days, key=lambda one: one.limit))
        return found

    def _warm_up(self, now: datetime) -> Period:
        """Today's limit of the account that warms up."""
        start, end = bounds("day", now)
        key = ("ramp", start)
        if key not in self._known:
            account = self._account
            self._known[key] = warm_up_limit(
                self._row_id, account.warmup_first, account.warmup_percent, start
            )
        return Period("day", start, end, self._known[key], account_id=self._row_id)

    def _windows(self, periods: Sequence[Period]) -> list[int]:
        return [self._window(period) for period in periods]

    def _window(self, period: Period) -> int:
        """The id of the period's row, made when it is the first of its time."""
        key = (f"{period.name}{period.owner_id or ''}", period.starts_at)
        if key not in self._known:
            if len(self._known) > 50:
                self._known.clear()
            self._known[key] = _row_of(period)
        return self._known[key]

    def _reserve_within_quota(self, count: int, ids: Sequence[int], now: datetime) -> Grant:
        """Take the count from the provider's quota, when it is known, and from every window."""
        row = AccountState.objects.filter(pk=self._row_id, quota_left__isnull=False)
        known = row.values("quota_left", "quota_limit", "quota_renews_at").first()
        if known is not None:
            left, limit, renews = (
                known["quota_left"] or 0,
                known["quota_limit"],
                known["quota_renews_at"],
            )
            count = min(count, left)
            if not count:
                until = renews if renews and renews > now else now + ASK_AGAIN
                detail = quota_used_up(limit or 0, self._account.name)
                return Grant(0, wait=Wait(Run.Reason.QUOTA_EXHAUSTED, until, detail))
            if not row.filter(quota_left__gte=count).update(quota_left=F("quota_left") - count):
                return Grant(0)  # another process took it: the next try will see
        _take(ids, count)
        return Grant(count, tuple(ids))

    def _wait(self, period: Period) -> Wait:
        detail = account_limit(period.name, period.limit, self._account.name)
        if period.owner_id:
            new = period.limit != settings.LIMIT_PER_USER_DAY
            detail = user_limit(period.limit, new=new)
        log.info(
            "limit_reached",
            account=self._account.name,
            period=period.name,
            limit=period.limit,
            until=period.ends_at.isoformat(),
        )
        return Wait(Run.Reason.RATE_LIMIT, period.ends_at, detail)


def _row_of(period: Period) -> int:
    whose = (
        {"account_id": period.account_id} if period.account_id else {"owner_id": period.owner_id}
    )
    row, created = LimitWindow.objects.get_or_create(
        **whose,
        period=period.name,
        starts_at=period.starts_at,
        defaults={"limit": period.limit},
    )
    if not created and row.limit != period.limit:
        # Declared anew meanwhile. The row's own limit is the database's last guard.
        limit = max(period.limit, row.used)
        LimitWindow.objects.filter(pk=row.pk, used__lte=limit).update(limit=limit)
    return row.pk


#: The rows are locked in the order of their ids, as everywhere, so that nobody waits in a circle.
_RESERVE = """
UPDATE delivery_limitwindow SET used = used + %s
 WHERE id IN (SELECT w.id FROM delivery_limitwindow w WHERE {ids} ORDER BY w.id{lock})
   AND used + %s <= "limit"
RETURNING id, "limit" - used, (SELECT a.quota_left FROM delivery_accountstate a WHERE a.id = %s)"""
_GIVE_BACK = """
UPDATE delivery_limitwindow SET used = used - %s
 WHERE id IN (SELECT w.id FROM delivery_limitwindow w WHERE {ids} ORDER BY w.id{lock})
   AND used >= %s"""


def _try_reserve(ids: Sequence[int], count: int, account_id: int) -> int | None:
    """The whole reservation in one statement, if all windows have room and no quota is known.

    Returns how many more the fullest window would grant; None: nothing was reserved.
    """
    if not count or not account_id:
        return None
    sql = _RESERVE.format(ids=dialect.any_of("w.id"), lock=dialect.lock_row("w"))
    with connection.cursor() as cursor:
        values = [count, dialect.ids_value(ids), count, account_id]
        dialect.execute(cursor, "vestnik_reserve", sql, values)
        rows = cursor.fetchall()
    if len(rows) == len(ids) and all(quota is None for _, _, quota in rows):
        return min(int(left) for _, left, _ in rows)
    give_back([window_id for window_id, _, _ in rows], count)
    return None


def _locked(ids: Sequence[int]) -> dict[int, int]:
    """How much is used in each window, held until this transaction ends. In the order of ids."""
    rows = LimitWindow.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    return dict(rows.values_list("pk", "used"))


def _take(ids: Sequence[int], count: int) -> None:
    """The reservation: one conditional UPDATE over the locked rows. Raises RuntimeError."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE delivery_limitwindow SET used = used + %s WHERE {dialect.any_of('id')}"
            ' AND used + %s <= "limit"',
            [count, dialect.ids_value(ids), count],
        )
        if cursor.rowcount != len(ids):
            raise RuntimeError("a limit moved under its lock")


def give_back(windows: Sequence[int], count: int) -> None:
    """So many of what was reserved in these windows are free again."""
    if count <= 0 or not windows:
        return
    with connection.cursor() as cursor:
        sql = _GIVE_BACK.format(ids=dialect.any_of("w.id"), lock=dialect.lock_row("w"))
        values = [count, dialect.ids_value(windows), count]
        dialect.execute(cursor, "vestnik_give_back", sql, values)


def sweep(now: datetime) -> int:
    """Forget the short windows of the past. Days stay: the warm-up counts them."""
    old = Q(period__in=("second", "minute"), starts_at__lt=now - timedelta(hours=1))
    old |= Q(period="hour", starts_at__lt=now - timedelta(days=60))
    return LimitWindow.objects.filter(old).delete()[0]
