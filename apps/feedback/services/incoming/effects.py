"""What follows from events that are kept: the deliveries' states, suppressions, alerts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Final

import structlog

from apps.core.responses.stored import Response, as_it_came, code_of, coded, foreign
from apps.delivery.channels.email.bounce_codes import Bounce
from apps.feedback.models import Event
from apps.feedback.rules import SOFT_LIMIT, Judgement, Kind, bounce_of, judge
from apps.feedback.services.matching import Proof
from apps.mailings.ledger import reputation, runs, sending_pauses
from apps.mailings.ledger.delivery_reports import Effect, Report, apply_all
from apps.mailings.ledger.runs import LockedRun
from apps.mailings.models import Channel, Consent, Delivery, Mailing, Suppression
from apps.mailings.services.permission import suppressions
from apps.mailings.services.permission.consents import Evidence, record
from apps.mailings.services.permission.subscribing import LAST_WORDS
from apps.mailings.services.segmentation.activity import bounced
from apps.mailings.suppression.suppressing import Blocked
from apps.mailings.suppression.tombstones import is_stand_in
from apps.users.notifications import NewNotification, notify

log = structlog.get_logger(__name__)

#: How well it must be proved that something follows: the rest is kept to be read.
PROVED: Final = frozenset({Proof.PROVIDER, Proof.SEAL})


class Received(StrEnum):
    """What became of an event."""

    APPLIED = "applied"
    KEPT = "kept"  # nothing follows from it, or it is not proved
    EARLY = "early"  # the sender has not recorded the letter yet
    KNOWN = "known"  # it was received before
    STRAY = "stray"  # about no letter of ours


@dataclass(frozen=True, slots=True)
class Kept:
    """An event that was written down, and the delivery that it is about."""

    event: Event
    delivery: Delivery


@dataclass(slots=True)
class _Following:
    """What is done once for all events, when the deliveries of every run are moved.

    ``suppressed`` is by the source of the event.

    These rows are shared by runs: taken at the end and in one order, so that no two wait in a ring.
    """

    hard_bounces: list[int] = field(default_factory=list)
    complaints: list[int] = field(default_factory=list)
    came_back: list[int] = field(default_factory=list)
    suppressed: dict[str, list[tuple[LockedRun, Delivery, Judgement]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    alerts: list[NewNotification] = field(default_factory=list)


def apply_events(found: Sequence[Kept], now: datetime) -> dict[int, Received]:
    """Do what follows, run by run under its lock. Returns what became of each event, by its id.

    Runs are locked in the order of their ids. Of one delivery, the events follow each other.
    """
    received = {one.event.pk: Received.KEPT for one in found}
    proved = [one for one in found if one.event.facts["proof"] in PROVED and _may_follow(one)]
    following = _Following()
    early: list[int] = []
    for run_id, of_run in groupby(
        sorted(proved, key=lambda one: one.delivery.run_id), lambda one: one.delivery.run_id
    ):
        run = runs.lock(run_id)
        if run is None:
            continue  # deleted a moment ago
        for some in _rounds(of_run):
            effects = _apply_round(run, some, following)
            received |= {number: Received.APPLIED for number in effects}
            early += [number for number, effect in effects.items() if effect is Effect.EARLY]
    received |= {number: Received.EARLY for number in early}
    if early:
        Event.objects.filter(pk__in=early).update(settled_at=None)
    _finish(following, now)
    return received


def _may_follow(one: Kept) -> bool:
    return judge(one.event.kind, _bounce_of(one.event), reason=one.event.facts["reason"]) != (
        Judgement()
    )


def _rounds(of_run: Iterable[Kept]) -> Iterator[list[Kept]]:
    """The first event of every delivery, then the second of those that have one, and so on."""
    waiting: dict[int, list[Kept]] = defaultdict(list)
    for one in of_run:
        waiting[one.delivery.pk].append(one)
    while waiting:
        yield [several.pop(0) for several in waiting.values()]
        waiting = {number: several for number, several in waiting.items() if several}


def _apply_round(run: LockedRun, some: Sequence[Kept], following: _Following) -> dict[int, Effect]:
    """Move these deliveries, each once, and count. Returns the effect of each event, by its id."""
    effects: dict[int, Effect] = {}
    by_state: dict[tuple[str, str], list[tuple[Kept, Judgement]]] = defaultdict(list)
    for one in some:
        follows = _follows(one)
        by_state[one.event.provider, follows.state].append((one, follows))
    counted = (len(following.hard_bounces), len(following.complaints))
    for (provider, state), several in by_state.items():
        reports = [Report(one.delivery.pk, *_reply(one.event)) for one, _follows in several]
        moved = apply_all(run, reports, state, by=provider)
        for one, follows in several:
            effect = effects[one.event.pk] = moved[one.delivery.pk]
            if effect is not Effect.EARLY:
                _note(run, one, follows, effect, following)
    sending_pauses.count(
        run,
        hard_bounces=len(following.hard_bounces) - counted[0],
        complaints=len(following.complaints) - counted[1],
    )
    return effects


def _follows(one: Kept) -> Judgement:
    event, bounce = one.event, _bounce_of(one.event)
    is_soft = event.kind == Kind.BOUNCED and bounce is Bounce.SOFT
    softs = _softs(one.delivery) + 1 if is_soft else 1
    return judge(event.kind, bounce, reason=event.facts["reason"], softs=softs)


def _reply(event: Event) -> tuple[int, Response]:
    facts = event.facts
    response: Response = facts["words"]
    if not code_of(response):
        response = foreign(" ".join(filter(None, (facts["status"], as_it_came(response)))))
    return facts["code"], response or coded("reported", event.kind)


def _note(
    run: LockedRun, one: Kept, follows: Judgement, effect: Effect, following: _Following
) -> None:
    """Each message counts once: as a hard bounce when it comes back, at its first complaint."""
    event, delivery = one.event, one.delivery
    moved = effect is Effect.MOVED
    if delivery.channel == Channel.EMAIL:
        if moved and follows.suppress == Suppression.Reason.BOUNCED:
            following.hard_bounces.append(delivery.pk)
        if event.kind == Kind.COMPLAINED and _is_first_complaint(event):
            following.complaints.append(delivery.pk)
    if moved and follows.state == Delivery.State.BOUNCED and delivery.recipient_id is not None:
        following.came_back.append(delivery.recipient_id)
    if follows.suppress and delivery.address and not is_stand_in(delivery.address):
        following.suppressed[event.provider].append((run, delivery, follows))
    if follows.alert:
        following.alerts.append(_alert(run, delivery))
    log.info("feedback", source=event.provider, kind=event.kind, delivery_id=delivery.pk)


def _is_first_complaint(event: Event) -> bool:
    same = Event.objects.filter(delivery=event.delivery, kind=Kind.COMPLAINED)
    return not same.filter(pk__lt=event.pk).exists()


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


def _alert(run: LockedRun, delivery: Delivery) -> NewNotification:
    name = Mailing.objects.values_list("name", flat=True).get(pk=run.mailing_id)
    facts = {"mailing": run.mailing_id, "name": name, "recipient": str(delivery.address)}
    return NewNotification(run.owner_id, "complained", f"complaint:{delivery.pk}", facts)


def _finish(following: _Following, now: datetime) -> None:
    reputation.count_back(hard_bounces=following.hard_bounces, complaints=following.complaints)
    bounced(following.came_back, at=now)
    for source, several in following.suppressed.items():
        _suppress(several, source)
    if following.alerts:
        notify(following.alerts)


def _suppress(several: Sequence[tuple[LockedRun, Delivery, Judgement]], source: str) -> None:
    rows = [
        Blocked(run.owner_id, delivery.channel, str(delivery.address), follows.suppress)
        for run, delivery, follows in several
    ]
    added = set(suppressions.add_all(rows, actor=source))
    for row, (run, delivery, _follows) in zip(rows, several, strict=True):
        if row in added and row.reason in LAST_WORDS:
            added.discard(row)
            _keep_last_word(run, delivery, source=source)


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
