"""The turn that the scheduler gives us: what came too early, and what must be asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from apps.core.contracts import BackgroundJob
from apps.delivery.accounts import declared
from apps.delivery.channels import KINDS
from apps.delivery.channels.http.client import CallFailed
from apps.delivery.channels.tracked import Tracked, Tracker
from apps.delivery.models import Heartbeat
from apps.feedback.models import Event
from apps.feedback.services.events import receive, settle_waiting
from apps.feedback.tracking_event import TrackingEvent, event_id, plain
from apps.mailings.models import Attempt, Delivery, Run

log = structlog.get_logger(__name__)

#: How long a letter is followed; after that it stays what it is.
FOLLOWED: Final = timedelta(days=3)
#: Letters and seconds of one round, letters of one connection, seconds for one step of a call.
_ROUND: Final = 200
_SECONDS: Final = 20.0
_AT_A_TIME: Final = 10
_STEP: Final = 10.0
#: Another process that runs a scheduler leaves an account alone for so long.
TURN: Final = timedelta(seconds=60)


class Tracking:
    """Goes round all messages that are not decided. Remembers how far it came with each account."""

    def __init__(self) -> None:
        self._after: dict[str, int] = {}

    def follow(self, now: datetime) -> int:
        """Ask about the next messages of every account. Returns how many have been decided."""
        names = [name for name, one in settings.ACCOUNTS.items() if KINDS[one.kind].track]
        return sum(self._follow(name, now) for name in names)

    def _follow(self, name: str, now: datetime) -> int:
        account = declared(name)
        tracker = KINDS[account.kind].tracker(replace(account, timeout=min(account.timeout, _STEP)))
        if tracker is None or not take_turn(f"track:{name}", now):
            return 0
        ids = self._next(name, tracker, now)
        until, decided = time.monotonic() + _SECONDS, 0
        for some in _handed_over(name, tracker, ids):
            try:
                reported = tracker.track({one: address for one, (_number, address) in some.items()})
            except CallFailed as error:
                log.warning("tracking_failed", account=name, error=str(error)[:300])
                return decided
            decided += sum(
                _report_status(name, tracker, some[one][0], one, found, now)
                for one, found in reported.items()
            )
            self._after[name] = max(number for number, _address in some.values())
            if time.monotonic() > until:
                return decided
        self._after[name] = ids[-1] if ids else 0
        return decided

    def _next(self, name: str, tracker: Tracker, now: datetime) -> list[int]:
        """From where the last round ended; at the end, from the beginning."""
        after = self._after.get(name, 0)
        found = _undecided(name, tracker, after, now)
        return found or (_undecided(name, tracker, 0, now) if after else [])


def _handed_over(
    name: str, tracker: Tracker, ids: list[int]
) -> Iterator[dict[str, tuple[int, str]]]:
    """Deliveries and their addresses by the id of their last hand-over, a few at a time."""
    tries = Attempt.objects.filter(
        delivery_id__in=ids, account=name, response__startswith=tracker.prefix
    ).order_by("pk")
    last = {
        number: (response, address)
        for number, response, address in tries.values_list(
            "delivery_id", "response", "delivery__address"
        )
    }
    pairs = [
        (last[number][0].removeprefix(tracker.prefix), (number, last[number][1]))
        for number in ids
        if number in last
    ]
    for start in range(0, len(pairs), _AT_A_TIME):
        yield dict(pairs[start : start + _AT_A_TIME])


def _undecided(name: str, tracker: Tracker, after: int, now: datetime) -> list[int]:
    """Messages that are out, of runs which this account took part in during the last days."""
    homes = [home for home, one in settings.ACCOUNTS.items() if one.fallback == name]
    recent = Q(finished_at__gt=now - FOLLOWED) | ~Q(state=Run.State.DONE)
    runs = Run.objects.filter(recent, account__in=[name, *homes], sent__gt=0)
    reported = Event.objects.filter(delivery_id=OuterRef("pk"), provider=tracker.source)
    rows = Delivery.objects.filter(
        ~Exists(reported),
        run__in=list(runs.values_list("pk", flat=True)),
        state=Delivery.State.SENT,
        pk__gt=after,
    )
    return list(rows.order_by("pk").values_list("pk", flat=True)[:_ROUND])


def take_turn(name: str, now: datetime) -> bool:
    """One process at a time asks for an account, or listens for it."""
    key = name[:40]
    row, made = Heartbeat.objects.get_or_create(name=key, defaults={"beat_at": now})
    mine = Heartbeat.objects.filter(name=key, beat_at__lte=now - TURN)
    return made or mine.update(beat_at=now) == 1


def _report_status(
    name: str, tracker: Tracker, delivery_id: int, remote_id: str, found: Tracked, now: datetime
) -> bool:
    """Keep and apply what is decided; of what is not, nothing is kept. True: decided."""
    if not found.event:
        return False
    receive(
        TrackingEvent(
            source=tracker.source,
            event_id=event_id(name, remote_id),
            kind=found.event,
            sealed=delivery_id,
            trusted=True,
            message_id=plain(remote_id, 100),
            reason="invalid" if found.gone else "",
            words=found.words,
        ),
        now=now,
    )
    return True


class FeedbackPolling(BackgroundJob):
    """Everything that comes back without calling us."""

    name = "listening"

    def __init__(self) -> None:
        self._tracking = Tracking()

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        settle_waiting(now=now)
        self._tracking.follow(now)
