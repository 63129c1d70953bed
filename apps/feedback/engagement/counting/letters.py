"""The letters that reactions are about: to whom, in what state, and what was seen of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from apps.feedback.engagement.counting.seen import Change, Seen, from_json
from apps.mailings.models import Channel, Delivery, Engagement, WaitingEngagement
from apps.mailings.suppression.tombstones import is_stand_in

State = Delivery.State
#: What was sent: only there a reaction has a term of the equation.
SENT: Final = frozenset({State.SENT.value, State.DELIVERED.value})
#: It is not known yet whether it was.
OPEN: Final = frozenset({State.PENDING.value, State.SENDING.value, State.UNKNOWN.value})

_COLUMNS: Final = (
    "pk",
    "run_id",
    "recipient_id",
    "state",
    "content_version",
    "channel",
    "address",
    "sent_at",
    "recipient__erased_at",
    "recipient__unmeasured",
    "run__finished_at",
)


@dataclass(slots=True)
class Letter:
    """A delivery with what was seen of it, before this set of reactions and after it."""

    delivery_id: int
    run_id: int
    recipient_id: int
    state: str
    version: int
    domain: str
    sent_at: datetime | None
    unmeasured: bool
    of_person: bool
    before: Seen = field(default_factory=Seen)
    after: Seen = field(default_factory=Seen)

    @property
    def is_sent(self) -> bool:
        return self.state in SENT

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    def accepted_at(self, reacted_at: datetime) -> datetime | None:
        """When it was accepted. One that is just being sent: at the moment of its reaction."""
        return reacted_at if self.state == State.SENDING else self.sent_at

    def adopt(self, kept: WaitingEngagement) -> list[Change]:
        """Take what waited for its outcome. Returns what is counted now."""
        if not self.after.events:
            self.after.device, self.after.client = kept.device, kept.client
        return self.after.adopt(from_json(kept.events))

    def load(self, seen: Seen) -> None:
        """Go on from what was seen earlier."""
        self.before, self.after = seen, seen.copy()


def letters(delivery_ids: Iterable[int], now: datetime) -> dict[int, Letter]:
    """The letters that there still are, with what was seen of them: three queries for any number.

    Of one whose person was erased, or whose run is forgotten by now, only sums are kept.
    """
    rows = Delivery.objects.filter(pk__in=set(delivery_ids)).order_by("pk")
    found = {}
    for row in rows.values_list(*_COLUMNS):
        number, run_id, recipient_id, state, version, channel, address, sent_at = row[:8]
        erased_at, unmeasured, finished_at = row[8:]
        forgotten = erased_at is not None or is_old(finished_at, now)
        domain = _domain(address) if channel == Channel.EMAIL else ""
        found[number] = Letter(
            *(number, run_id, recipient_id, state, version, domain, sent_at, unmeasured),
            of_person=not (forgotten or unmeasured) and (state in SENT or state in OPEN),
        )
    _load(found)
    return found


def is_old(finished_at: datetime | None, now: datetime) -> bool:
    """True for a run whose reactions are kept as sums only."""
    days: int = settings.TRACKING_KEEP_DAYS
    return bool(days) and finished_at is not None and finished_at < now - timedelta(days=days)


def _domain(address: str) -> str:
    return "" if is_stand_in(address) else address.rpartition("@")[2].lower()


def _load(found: dict[int, Letter]) -> None:
    """What was seen of them earlier."""
    sent = {(one.run_id, one.recipient_id): one for one in found.values() if one.is_sent}
    rows = Engagement.objects.filter(
        run_id__in={run_id for run_id, _person in sent},
        recipient_id__in=[person for _run, person in sent],
    )
    for row in rows:
        letter = sent.get((row.run_id, row.recipient_id))
        if letter is not None:
            events = from_json(row.events)
            letter.load(Seen(events, row.opens, row.clicks, row.device, row.client))
    waiting = [one.delivery_id for one in found.values() if one.is_open]
    for kept in WaitingEngagement.objects.filter(delivery_id__in=waiting):
        seen = Seen(device=kept.device, client=kept.client)
        seen.adopt(from_json(kept.events))
        found[kept.delivery_id].load(seen)
