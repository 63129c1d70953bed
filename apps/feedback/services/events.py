"""Events are kept once and put into effect: the delivery's state, the suppression, the alert."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog
from django.db import transaction

from apps.core.values.batches import batched
from apps.feedback.engagement.ingest import ingest
from apps.feedback.models import Event
from apps.feedback.rules import Kind
from apps.feedback.services.incoming.effects import PROVED, Kept, Received, apply_events
from apps.feedback.services.incoming.keeping import claim, keep_all
from apps.feedback.services.incoming.reactions import is_reaction, reactions_of
from apps.feedback.services.matching import Match, find_all
from apps.feedback.services.personal_data import without_person
from apps.feedback.tracking_event import TrackingEvent
from apps.mailings.suppression.tombstones import is_stand_in

__all__ = ["Received", "receive", "receive_all", "settle_waiting"]

#: Events of one transaction, which holds their runs.
PART: Final = 200
log = structlog.get_logger(__name__)


def receive(tracking_event: TrackingEvent, *, now: datetime) -> Received:
    """Keep this event and do what follows from it. Idempotent: an event counts once."""
    return receive_all([tracking_event], now=now)[0]


def receive_all(events: Sequence[TrackingEvent], *, now: datetime) -> list[Received]:
    """Keep the events of a call and do what follows. Returns what became of each, in their order.

    A part of them at a time is one transaction: of it all is kept and applied, or nothing.
    """
    return [one for part in batched(events, PART) for one in _receive(part, now)]


def _receive(part: Sequence[TrackingEvent], now: datetime) -> list[Received]:
    """Reactions take locks before those of the runs, so what follows from all is applied after
    them: it waits in the database meanwhile, and a killed process leaves it to the next look."""
    reacts = any(map(is_reaction, part))
    with transaction.atomic():
        matches = find_all(part, now)
        events = [
            _event(one, found, now, waits=reacts) for one, found in zip(part, matches, strict=True)
        ]
        kept = {event.pk for event in keep_all(events)}
        about = [
            Kept(event, found.delivery)
            for event, found in zip(events, matches, strict=True)
            if event.pk in kept and found is not None
        ]
        if reacts:
            _count_reactions(part, events, now)
        else:
            received = apply_events(about, now)
    if reacts:
        received = _settle(about, now)
    return [_outcome(event, found, received) for event, found in zip(events, matches, strict=True)]


def _count_reactions(part: Sequence[TrackingEvent], events: Sequence[Event], now: datetime) -> None:
    """Those of events that are new and proved."""
    found = [
        (one, event.delivery_id)
        for one, event in zip(part, events, strict=True)
        if event.pk is not None and event.delivery_id is not None and is_reaction(one)
        if event.facts["proof"] in PROVED
    ]
    reactions = reactions_of(found, now)
    if reactions:
        ingest(reactions, now)


def _event(
    tracking_event: TrackingEvent, found: Match | None, now: datetime, *, waits: bool
) -> Event:
    facts = tracking_event.facts
    if found is not None and is_stand_in(found.delivery.address):
        facts = without_person(facts)
    return Event(
        provider=tracking_event.source,
        event_id=tracking_event.event_id,
        kind=tracking_event.kind if tracking_event.kind in Kind.values else Kind.UNKNOWN,
        delivery=found.delivery if found else None,
        facts={**facts, "proof": found.proof if found else ""},
        received_at=now,
        settled_at=None if waits and found else now,
    )


def _outcome(event: Event, found: Match | None, received: dict[int, Received]) -> Received:
    if event.pk is None:
        return Received.KNOWN
    if found is None:
        log.info("feedback_stray", source=event.provider, kind=event.kind)
        return Received.STRAY
    return received.get(event.pk, Received.APPLIED)  # or by who settles what waits


def settle_waiting(*, now: datetime) -> int:
    """Apply the events that came before the sender recorded the delivery. Return how many."""
    waiting = Event.objects.filter(settled_at=None).order_by("pk").select_related("delivery")
    found = [Kept(event, event.delivery) for event in waiting[:1000] if event.delivery is not None]
    settled = (_settle(part, now) for part in batched(found, PART))
    return sum(one is not Received.EARLY for received in settled for one in received.values())


@transaction.atomic
def _settle(waiting: Sequence[Kept], now: datetime) -> dict[int, Received]:
    """Apply those that no other process has settled meanwhile. Returns what became of these."""
    mine = claim([one.event.pk for one in waiting], now)
    in_order = sorted(waiting, key=lambda one: one.event.pk)
    return apply_events([one for one in in_order if one.event.pk in mine], now)
