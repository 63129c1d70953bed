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

from apps.core.contracts import BackgroundJob, Verdict
from apps.core.responses.stored import coded
from apps.delivery.accounts import declared
from apps.delivery.channels.http.client import CallFailed
from apps.delivery.channels.sendsay.api import api_of
from apps.delivery.channels.sendsay.tracking import TrackedStatus, track
from apps.delivery.models import Heartbeat
from apps.feedback.models import Event
from apps.feedback.services.events import receive, settle_waiting
from apps.feedback.tracking_event import TrackingEvent, event_id, plain
from apps.mailings.models import Attempt, Delivery, Run

log = structlog.get_logger(__name__)

SOURCE: Final = "sendsay"
#: How long a letter is followed; after that it stays what it is.
FOLLOWED: Final = timedelta(days=3)
#: Letters and seconds of one round, letters of one connection, seconds for one step of a call.
_ROUND: Final = 200
_SECONDS: Final = 20.0
_AT_A_TIME: Final = 10
_STEP: Final = 10.0
#: Another process that runs a scheduler leaves an account alone for so long.
_TURN: Final = timedelta(seconds=60)
_PREFIX: Final = "track.id="


class Tracking:
    """Goes round all letters that are not decided. Remembers how far it came with each account."""

    def __init__(self) -> None:
        self._after: dict[str, int] = {}

    def follow(self, now: datetime) -> int:
        """Ask about the next letters of every account. Returns how many have been decided."""
        names = [name for name, one in settings.ACCOUNTS.items() if one.kind == "sendsay"]
        return sum(self._follow(name, now) for name in names if _take_turn(name, now))

    def _follow(self, name: str, now: datetime) -> int:
        ids = self._next(name, now)
        account = declared(name)
        api = api_of(replace(account, timeout=min(account.timeout, _STEP)))
        until, decided = time.monotonic() + _SECONDS, 0
        for some in _tracks(name, ids):
            try:
                reported = track(api, some)
            except CallFailed as error:
                log.warning("tracking_failed", account=name, error=str(error)[:300])
                return decided
            decided += sum(
                _report_status(name, some[one], one, found, now) for one, found in reported.items()
            )
            self._after[name] = max(some.values())
            if time.monotonic() > until:
                return decided
        self._after[name] = ids[-1] if ids else 0
        return decided

    def _next(self, name: str, now: datetime) -> list[int]:
        """From where the last round ended; at the end, from the beginning."""
        after = self._after.get(name, 0)
        return _undecided(name, after, now) or (_undecided(name, 0, now) if after else [])


def _tracks(name: str, ids: list[int]) -> Iterator[dict[str, int]]:
    """Deliveries by the track.id of their last hand-over, a few at a time."""
    tries = Attempt.objects.filter(
        delivery_id__in=ids, account=name, response__startswith=_PREFIX
    ).order_by("pk")
    last = dict(tries.values_list("delivery_id", "response"))
    pairs = [(last[number].removeprefix(_PREFIX), number) for number in ids if number in last]
    for start in range(0, len(pairs), _AT_A_TIME):
        yield dict(pairs[start : start + _AT_A_TIME])


def _undecided(name: str, after: int, now: datetime) -> list[int]:
    """Letters that are out, of runs which this account took part in during the last days."""
    homes = [home for home, one in settings.ACCOUNTS.items() if one.fallback == name]
    recent = Q(finished_at__gt=now - FOLLOWED) | ~Q(state=Run.State.DONE)
    runs = Run.objects.filter(recent, account__in=[name, *homes], sent__gt=0)
    reported = Event.objects.filter(delivery_id=OuterRef("pk"), provider=SOURCE)
    rows = Delivery.objects.filter(
        ~Exists(reported),
        run__in=list(runs.values_list("pk", flat=True)),
        state=Delivery.State.SENT,
        pk__gt=after,
    )
    return list(rows.order_by("pk").values_list("pk", flat=True)[:_ROUND])


def _take_turn(name: str, now: datetime) -> bool:
    """One process at a time asks for an account."""
    key = f"track:{name}"[:40]
    row, made = Heartbeat.objects.get_or_create(name=key, defaults={"beat_at": now})
    mine = Heartbeat.objects.filter(name=key, beat_at__lte=now - _TURN)
    return made or mine.update(beat_at=now) == 1


def _report_status(
    name: str, delivery_id: int, track_id: str, found: TrackedStatus, now: datetime
) -> bool:
    """Keep and apply what is decided; of what is not, nothing is kept. True: decided."""
    if found.verdict is None:
        return False
    sent = found.verdict is Verdict.SENT
    receive(
        TrackingEvent(
            source=SOURCE,
            event_id=event_id(name, track_id),
            kind=Event.Kind.SENT if sent else Event.Kind.FAILED,
            sealed=delivery_id,
            trusted=True,
            message_id=plain(track_id, 100),
            words=coded("sendsay_status", found.status),
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
