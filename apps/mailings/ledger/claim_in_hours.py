"""Claiming for a mailing that keeps to hours of the day in each recipient's own time zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db import connection

from apps.core.contracts import Claimed
from apps.core.responses.stored import coded
from apps.core.values.opening_hours import OpeningHours
from apps.mailings.ledger import dialect
from apps.mailings.ledger.claim import Asked, Claim, claim
from apps.mailings.ledger.runs import LockedRun, tally

#: Rows that one claim reads when most of them are in zones where it is night.
LOOKED_AT = 5000
#: Nobody is claimed so shortly before the hours end that the letter could come after them.
MARGIN = timedelta(seconds=5)
TOO_LATE = coded("local_hours_too_late")


@dataclass(slots=True)
class LocalHours:
    """The hours of one mailing in all zones. Remembers what holds in each zone, and how long."""

    opens: time
    closes: time
    _known: dict[str, tuple[bool, datetime]] = field(default_factory=dict)

    def refresh(self, zone: str, now: datetime) -> tuple[bool, datetime]:
        """Is it open in the zone, and until when that stays so."""
        known = self._known.get(zone)
        if known is None or now >= known[1]:
            known = self._hours_of(zone, now)
            self._known[zone] = known
        return known

    def _hours_of(self, zone: str, now: datetime) -> tuple[bool, datetime]:
        hours = OpeningHours(zone_of(zone), self.opens, self.closes)
        closing = hours.next_closing(now)
        if closing is not None and closing - now > MARGIN:
            return True, closing - MARGIN
        opening = hours.next_opening(now if closing is None else max(closing, now))
        assert opening is not None  # every day has its hours
        return False, opening


@dataclass(frozen=True, slots=True)
class HoursOfDay:
    """The hours of a run: the mailing's, and by version those of variants that have their own."""

    usual: LocalHours | None
    own: Mapping[int, LocalHours]

    def refresh(self, one: Claimed, now: datetime) -> tuple[bool, datetime | None]:
        """May this one be sent now, and until when that stays so; None: for ever."""
        hours = self.own.get(one.content_version, self.usual)
        return hours.refresh(one.fields["time_zone"], now) if hours is not None else (True, None)


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The recipient's zone; the installation's when it has none that is known."""
    try:
        return ZoneInfo(name or settings.TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.TIME_ZONE)


@dataclass(slots=True)
class ClaimInHours(Claim):
    """The result of a claim: when the hours end for each, and those they come too late for."""

    closings: dict[int, datetime] = field(default_factory=dict)
    expired: int = 0


def claim_in_hours(run: LockedRun, hours: HoursOfDay, asked: Asked, *, limit: int) -> ClaimInHours:
    """Like ``claim``, but only where it is open now; the others are deferred to their next opening.

    They are claimed first and given back in the same transaction: by day nearly everybody may be
    written to, and costs what anybody costs. Whose hours do not come before the mailing's end
    expires at once.
    """
    result, examined = ClaimInHours(), 0
    while examined < LOOKED_AT and len(result.claimed) < limit:
        found = claim(run, asked, limit=limit - len(result.claimed))
        examined += len(found.claimed) + found.suppressed + found.waiting
        result.suppressed += found.suppressed
        result.waiting += found.waiting
        result.asks = result.asks or found.asks
        closed: dict[datetime, list[int]] = {}
        for one in found.claimed:
            is_open, until = hours.refresh(one, run.now)
            if is_open:
                result.claimed.append(one)
            if until is None:
                continue
            if is_open:
                result.closings[one.delivery_id] = until
            else:
                closed.setdefault(until, []).append(one.delivery_id)
        for opening, ids in closed.items():
            result.expired += _defer(run, ids, opening)
        if not closed:
            break
    return result


def _defer(run: LockedRun, ids: list[int], opening: datetime) -> int:
    """Not before their opening; too late for the mailing's end expires. Returns how many did."""
    late = opening >= run.ends_at
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mailings_delivery SET state = %s, not_before = %s,"
            " response = CASE WHEN %s = '' THEN response ELSE %s END,"
            f" changed_at = %s WHERE {dialect.any_of('id')} AND state = 'sending'",
            [
                "expired" if late else "pending",
                None if late else dialect.time_value(opening),
                TOO_LATE if late else "",
                TOO_LATE if late else "",
                dialect.time_value(run.now),
                dialect.ids_value(ids),
            ],
        )
        count = cursor.rowcount
    tally(run, {"expired" if late else "pending": count, "sending": -count})
    return count if late else 0
