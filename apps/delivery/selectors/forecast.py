"""When a run will be through: rate, limits and working hours played through on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from apps.core.contracts import Forecast
from apps.core.errors import Refused
from apps.core.values.opening_hours import OpeningHours
from apps.delivery.accounts import declared, state_row
from apps.delivery.limit_periods import bounds, used_now
from apps.mailings.models import Run, RunRoute

#: Messages per second of an account that has never been used.
GUESS: Final = 200.0
#: Pieces of time that are played through; at a limit per hour about four months.
_STEPS: Final = 3000
_LONG: Final = ("hour", "day", "month")


@dataclass(frozen=True)
class SendRate:
    """How fast an account may and can send. ``used``: of each limit, in the current period."""

    rate: float
    limits: Mapping[str, int] = field(default_factory=dict)
    used: Mapping[str, int] = field(default_factory=dict)
    hours: OpeningHours | None = None

    @property
    def top(self) -> float:
        """Messages per second while nothing longer than a minute stands in the way."""
        caps = [self.rate]
        if second := self.limits.get("second"):
            caps.append(float(second))
        if minute := self.limits.get("minute"):
            caps.append(minute / 60)
        return min(caps)


def simulate(count: int, send_rate: SendRate, *, now: datetime, ends_at: datetime) -> Forecast:
    """Send ``count`` messages on paper, from ``now`` to ``ends_at`` at the most."""
    left, at = float(count), now
    used = {bounds(name, now): (name, taken) for name, taken in send_rate.used.items()}
    spent = {(name, period[0]): taken for period, (name, taken) in used.items()}
    for _step in range(_STEPS):
        opening = send_rate.hours.next_opening(at) if send_rate.hours else at
        if left < 0.5 or opening is None or opening >= ends_at:
            break
        at = opening
        until = _piece(at, send_rate, ends_at)
        can = min(
            [(until - at).total_seconds() * send_rate.top]
            + [_room(send_rate, spent, name, at) for name in _LONG if name in send_rate.limits]
        )
        if left <= can:
            return Forecast(at + timedelta(seconds=left / send_rate.top), 0)
        left -= can
        for name in _LONG:
            key = (name, bounds(name, at)[0])
            spent[key] = spent.get(key, 0) + round(can)
        at = until
    return Forecast(at if left < 0.5 else None, round(left))


def _piece(at: datetime, send_rate: SendRate, ends_at: datetime) -> datetime:
    """How long nothing changes: no limit begins anew, and it does not close."""
    ends = [ends_at, *(bounds(name, at)[1] for name in _LONG if name in send_rate.limits)]
    closing = send_rate.hours.next_closing(at) if send_rate.hours else None
    return min([*ends, closing] if closing else ends)


def _room(
    send_rate: SendRate, spent: Mapping[tuple[str, datetime], int], name: str, at: datetime
) -> float:
    return max(0, send_rate.limits[name] - spent.get((name, bounds(name, at)[0]), 0))


def forecast(
    *, account: str, count: int, now: datetime, ends_at: datetime, rate: float = 0.0
) -> Forecast:
    """When ``count`` messages would be out through this account, beginning ``now``."""
    sending_account = declared(account)
    limits = dict(sending_account.limits)
    used = used_now(state_row(account).pk, limits, now) if limits else {}
    send_rate = SendRate(rate or _usual_rate(account), limits, used, sending_account.hours)
    return simulate(count, send_rate, now=now, ends_at=ends_at)


def forecast_of(
    run: Run, routes: Sequence[RunRoute], *, now: datetime, ends_at: datetime
) -> Forecast | None:
    """When a run will be finished; None when nothing is left, or it needs a decision.

    ``routes``: its channels, when it has several.
    """
    if run.state in (Run.State.DONE, Run.State.PAUSED, Run.State.PREPARING) or run.stopping:
        return None
    try:
        return Forecast.together(
            forecast(
                account=part.account,
                count=part.count,
                now=max(now, part.begins_at or now),
                ends_at=ends_at,
                rate=part.rate,
            )
            for part in _left(run, routes)
        )
    except Refused:  # the account is declared no more; the panel shows that elsewhere
        return None


@dataclass(frozen=True, slots=True)
class _Part:
    """What is left of a run on one of its channels."""

    account: str
    count: int
    begins_at: datetime | None
    rate: float = 0.0


def _left(run: Run, routes: Sequence[RunRoute]) -> list[_Part]:
    """How many are left on each route. Not counted: the later routes are sent later."""
    left = run.pending + run.sending
    if not routes:
        return [_Part(run.account, left, run.deferred_until, run.rate)]
    parts = []
    for route in reversed(routes):
        count = min(left, route.count)
        left -= count
        if count and route.channel == run.channel:
            parts.append(_Part(run.account, count, run.deferred_until, run.rate))
        elif count:
            parts.append(_Part(route.account, count, route.until))
    return parts


def _usual_rate(account: str) -> float:
    """What the last finished run of this account came to."""
    done = Run.objects.filter(account=account, state=Run.State.DONE, sent__gte=100)
    last = done.order_by("-pk").values_list("sent", "started_at", "finished_at").first()
    if last is None or not last[1] or not last[2]:
        return GUESS
    seconds = (last[2] - last[1]).total_seconds()
    return max(last[0] / seconds, 0.01) if seconds > 0 else GUESS
