"""Events are kept once and put into effect: the delivery's state, the suppression, the alert."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from typing import Final

import structlog
from django.db import connection, transaction

from apps.core.responses.stored import Response, as_it_came, code_of, coded, foreign
from apps.delivery.channels.email.bounce_codes import Bounce
from apps.feedback.models import Event
from apps.feedback.rules import SOFT_LIMIT, Judgement, Kind, bounce_of, judge
from apps.feedback.services.matching import Proof, find
from apps.feedback.services.personal_data import without_person
from apps.feedback.tracking_event import TrackingEvent
from apps.mailings.ledger import dialect, reputation, runs, sending_pauses
from apps.mailings.ledger.delivery_reports import Effect, apply
from apps.mailings.ledger.runs import LockedRun
from apps.mailings.models import Channel, Consent, Delivery, Mailing, Suppression
from apps.mailings.services.permission import suppressions
from apps.mailings.services.permission.consents import Evidence, record
from apps.mailings.services.permission.subscribing import LAST_WORDS
from apps.mailings.services.segmentation.activity import bounced
from apps.mailings.suppression.tombstones import is_stand_in
from apps.users.notifications import NewNotification, notify

log = structlog.get_logger(__name__)

#: How well it must be proved that something follows: the rest is kept to be read.
_PROVED: Final = frozenset({Proof.PROVIDER, Proof.SEAL})
#: One statement: a savepoint around an INSERT that may hit a known event costs two more.
_KEEP: Final = """
INSERT INTO feedback_event (provider, event_id, kind, delivery_id, facts, received_at, settled_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (provider, event_id) DO NOTHING RETURNING id"""


class Received(StrEnum):
    """What became of an event."""

    APPLIED = "applied"
    KEPT = "kept"  # nothing follows from it, or it is not proved
    EARLY = "early"  # the sender has not recorded the letter yet
    KNOWN = "known"  # it was received before
    STRAY = "stray"  # about no letter of ours


@transaction.atomic
def receive(tracking_event: TrackingEvent, *, now: datetime) -> Received:
    """Keep this event and do what follows from it. Idempotent: an event counts once."""
    found = find(tracking_event, now)
    facts = tracking_event.facts
    if found is not None and is_stand_in(found.delivery.address):
        facts = without_person(facts)
    event = Event(
        provider=tracking_event.source,
        event_id=tracking_event.event_id,
        kind=tracking_event.kind if tracking_event.kind in Kind.values else Kind.UNKNOWN,
        delivery=found.delivery if found else None,
        facts={**facts, "proof": found.proof if found else ""},
        received_at=now,
        settled_at=now,
    )
    if not keep(event):
        return Received.KNOWN
    if found is None:
        log.info("feedback_stray", source=tracking_event.source, kind=event.kind)
        return Received.STRAY
    return _apply(event, found.delivery, now)


def keep(event: Event) -> bool:
    """Write the event down. False when its source has sent it before."""
    row = [
        event.provider,
        event.event_id,
        event.kind,
        event.delivery_id,
        json.dumps(event.facts),
        dialect.time_value(event.received_at),
        dialect.time_value(event.settled_at),
    ]
    with connection.cursor() as cursor:
        dialect.execute(cursor, "vestnik_keep_event", _KEEP, row)
        kept = cursor.fetchone()
    if kept is not None:
        event.pk = kept[0]
    return kept is not None


def settle_waiting(*, now: datetime) -> int:
    """Apply the events that came before the sender recorded the delivery. Return how many."""
    waiting = Event.objects.filter(settled_at=None).order_by("pk")
    return sum(_settle(pk, now) for pk in list(waiting.values_list("pk", flat=True)[:1000]))


@transaction.atomic
def _settle(pk: int, now: datetime) -> int:
    if not Event.objects.filter(pk=pk, settled_at=None).update(settled_at=now):
        return 0  # another process was quicker
    event = Event.objects.select_related("delivery").get(pk=pk)
    assert event.delivery is not None  # only an event of a known delivery waits
    return int(_apply(event, event.delivery, now) is not Received.EARLY)


def _apply(event: Event, delivery: Delivery, now: datetime) -> Received:
    """Do what follows, under the lock of the delivery's run."""
    facts = event.facts
    bounce = _bounce_of(event)
    softs = _softs(delivery) + 1 if event.kind == Kind.BOUNCED and bounce is Bounce.SOFT else 1
    follows = judge(event.kind, bounce, reason=facts["reason"], softs=softs)
    if facts["proof"] not in _PROVED or follows == Judgement():
        return Received.KEPT
    run = runs.lock(delivery.run_id)
    if run is None:
        return Received.KEPT  # deleted a moment ago
    effect = _move(event, run, follows.state)
    if effect is Effect.EARLY:
        Event.objects.filter(pk=event.pk).update(settled_at=None)
        return Received.EARLY
    if delivery.channel == Channel.EMAIL:
        _count(event, delivery, run, follows, effect)
    if effect is Effect.MOVED and follows.state == Delivery.State.BOUNCED:
        bounced(recipient_id=delivery.recipient_id, at=now)
    _act(run, delivery, follows, source=event.provider)
    log.info("feedback", source=event.provider, kind=event.kind, delivery_id=delivery.pk)
    return Received.APPLIED


def _move(event: Event, run: LockedRun, state: str) -> Effect:
    assert event.delivery_id is not None
    facts = event.facts
    response: Response = facts["words"]
    if not code_of(response):
        response = foreign(" ".join(filter(None, (facts["status"], as_it_came(response)))))
    response = response or coded("reported", event.kind)
    return apply(
        run,
        event.delivery_id,
        state,
        by=event.provider,
        code=facts["code"],
        response=response,
    )


def _count(
    event: Event, delivery: Delivery, run: LockedRun, follows: Judgement, effect: Effect
) -> None:
    """Each message counts once: as a hard bounce when it comes back, at its first complaint."""
    bounced = effect is Effect.MOVED and follows.suppress == Suppression.Reason.BOUNCED
    sending_pauses.count(run, hard_bounces=int(bounced))
    reputation.count_back(delivery.pk, hard_bounces=int(bounced))
    if event.kind == Kind.COMPLAINED:
        same = Event.objects.filter(delivery=delivery, kind=Kind.COMPLAINED)
        first = not same.filter(pk__lt=event.pk).exists()
        sending_pauses.count(run, complaints=int(first))
        reputation.count_back(delivery.pk, complaints=int(first))


def _softs(delivery: Delivery) -> int:
    """How many of the recipient's letters right before this one came back for a passing reason."""
    before = Delivery.objects.filter(
        recipient_id=delivery.recipient_id,
        channel=delivery.channel,
        address=delivery.address,
        pk__lt=delivery.pk,
        state__in=(Delivery.State.SENT, Delivery.State.DELIVERED, Delivery.State.BOUNCED),
    ).order_by("-pk")
    count = 0
    for earlier in before.prefetch_related("events")[: SOFT_LIMIT - 1]:
        if earlier.state != Delivery.State.BOUNCED or not any(map(_is_soft, earlier.events.all())):
            break
        count += 1
    return count


def _is_soft(event: Event) -> bool:
    return event.kind == Kind.BOUNCED and _bounce_of(event) is Bounce.SOFT


def _bounce_of(event: Event) -> Bounce:
    facts = event.facts
    return bounce_of(facts["status"], facts["reason"], code=facts["code"], text=facts["words"])


def _act(run: LockedRun, delivery: Delivery, follows: Judgement, *, source: str) -> None:
    if follows.suppress and delivery.address and not is_stand_in(delivery.address):
        added = suppressions.add(
            owner_id=run.owner_id,
            channel=delivery.channel,
            address=delivery.address,
            reason=follows.suppress,
            actor=source,
        )
        if added and follows.suppress in LAST_WORDS:
            _keep_last_word(run, delivery, source=source)
    if follows.alert:
        name = Mailing.objects.values_list("name", flat=True).get(pk=run.mailing_id)
        facts = {"mailing": run.mailing_id, "name": name, "recipient": str(delivery.address)}
        notify([NewNotification(run.owner_id, "complained", f"complaint:{delivery.pk}", facts)])


def _keep_last_word(run: LockedRun, delivery: Delivery, *, source: str) -> None:
    """A complaint, or leaving at the provider, is the person's word about this address."""
    evidence = Evidence(
        source=Consent.Source.PROVIDER,
        by_person=True,
        said_at=run.now,
        channel=delivery.channel,
        delivery_id=delivery.pk,
        actor=source,
    )
    person, withdrawn = delivery.recipient, Consent.Act.WITHDRAWN
    record(owner_id=run.owner_id, recipient=person, act=withdrawn, evidence=evidence)
