"""Everything that happened with one person, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from apps.mailings.models import (
    Consent,
    Delivery,
    Engagement,
    Recipient,
    SuppressionEvent,
    TrackedLink,
)

#: Of each kind of rows the newest are looked at.
MOST: Final = 2_000
#: In the order in which events of one moment happened.
KINDS: Final[dict[str, Promise]] = {
    "added": pgettext_lazy("timeline", "Added"),
    "changed": pgettext_lazy("timeline", "Changed"),
    "subscribed": pgettext_lazy("timeline", "Subscribed"),
    "confirmed": pgettext_lazy("timeline", "Confirmed the subscription"),
    "unsubscribed": pgettext_lazy("timeline", "Unsubscribed"),
    "consent": pgettext_lazy("timeline", "Changed the consent"),
    "sent": pgettext_lazy("timeline", "Sent"),
    "delivered": pgettext_lazy("timeline", "Delivered"),
    "opened": pgettext_lazy("timeline", "Opened"),
    "clicked": pgettext_lazy("timeline", "Clicked"),
    "bounced": pgettext_lazy("timeline", "Bounced"),
    "failed": pgettext_lazy("timeline", "Not delivered"),
    "suppressed": pgettext_lazy("timeline", "Address suppressed"),
    "allowed": pgettext_lazy("timeline", "Address allowed again"),
}
_ORDER: Final = {kind: number for number, kind in enumerate(KINDS)}
_ACTS: Final = {
    Consent.Act.GIVEN.value: "subscribed",
    Consent.Act.STATED.value: "subscribed",
    Consent.Act.CONFIRMED.value: "confirmed",
    Consent.Act.WITHDRAWN.value: "unsubscribed",
}
_ENDS: Final = ("delivered", "bounced", "failed")
_REACTIONS: Final = {"open": "opened", "click": "clicked"}
#: A row that is written when it is made is not changed by that.
_AT_ONCE: Final = timedelta(seconds=5)

#: When, which kind, which row, and which of its events.
Key = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened. ``delivery``: to which letter; ``link``: where a click led.

    ``term`` and ``rule`` say who opened or clicked, and why that is known; ``detail`` is what else
    there is to say.
    """

    kind: str
    at: datetime
    row_id: int
    part: int = 0
    delivery: Delivery | None = None
    number: int | None = None
    link: str = ""
    term: str = ""
    rule: str = ""
    detail: str = ""

    @property
    def key(self) -> Key:
        """Its place among all, which no other has."""
        return round(self.at.timestamp() * 1_000_000), _ORDER[self.kind], self.row_id, self.part

    @property
    def label(self) -> str:
        """What happened, in a word."""
        return str(KINDS[self.kind])


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """A part of it; ``next`` is given to get the older ones, empty on the last page."""

    rows: list[Happening]
    count: int
    next: str


def timeline_of(recipient: Recipient, *, size: int, after: str = "") -> TimelinePage:
    """So many of what happened, from this place on. Raises ValueError for what is no place."""
    every = sorted(_all(recipient), key=lambda one: one.key, reverse=True)
    place = _place(after) if after else None
    older = [one for one in every if place is None or one.key < place]
    rows = older[:size]
    more = ".".join(map(str, rows[-1].key)) if len(older) > size else ""
    return TimelinePage(_with_links(rows), len(every), more)


def _place(text: str) -> Key:
    moment, kind, row, part = (int(word) for word in text.split("."))
    return moment, kind, row, part


def _all(recipient: Recipient) -> Iterator[Happening]:
    yield Happening("added", recipient.created_at, recipient.pk)
    if recipient.updated_at - recipient.created_at > _AT_ONCE:
        yield Happening("changed", recipient.updated_at, recipient.pk)
    deliveries = Delivery.objects.filter(recipient=recipient).select_related("run__mailing")
    letters = {row.pk: row for row in deliveries.defer("run__content").order_by("-pk")[:MOST]}
    yield from _deliveries(letters.values())
    rows = Engagement.objects.filter(recipient=recipient).order_by("-run_id")[:MOST]
    for row in rows:
        yield from _reactions(row, letters.get(row.delivery_id))
    yield from _consents(recipient)
    yield from _suppressions(recipient)


def _deliveries(rows: Iterable[Delivery]) -> Iterator[Happening]:
    for row in rows:
        if row.sent_at is not None:
            yield Happening("sent", row.sent_at, row.pk, delivery=row)
        elif row.state == Delivery.State.SENT:
            yield Happening("sent", row.changed_at, row.pk, delivery=row)
        if row.state in _ENDS:
            yield Happening(row.state, row.changed_at, row.pk, delivery=row)


def _reactions(row: Engagement, delivery: Delivery | None) -> Iterator[Happening]:
    for part, (kind, at, number, term, rule) in enumerate(row.events):
        yield Happening(
            _REACTIONS[kind],
            datetime.fromisoformat(at),
            row.pk,
            part,
            delivery=delivery,
            number=number if kind == "click" and number > 0 else None,
            term=term,
            rule=rule,
        )


def _consents(recipient: Recipient) -> Iterator[Happening]:
    rows = Consent.objects.filter(recipient=recipient).select_related("list").order_by("-pk")
    for row in rows[:MOST]:
        kind = _ACTS.get(row.act, "consent")
        said = [str(row.get_act_display())] if kind == "consent" else []
        said += [row.list.title] if row.list is not None else []
        detail = " · ".join([*said, str(row.get_source_display())])
        yield Happening(kind, row.recorded_at, row.pk, detail=detail)


def _suppressions(recipient: Recipient) -> Iterator[Happening]:
    mine = Q()
    for channel, address in recipient.addresses:
        mine |= Q(channel=channel, address=address)
    if not mine:
        return
    rows = SuppressionEvent.objects.filter(mine, owner_id=recipient.owner_id).order_by("-pk")
    for row in rows[:MOST]:
        kind = "allowed" if row.act == SuppressionEvent.Act.LIFTED else "suppressed"
        detail = f"{row.address} · {row.get_reason_display()}"
        yield Happening(kind, row.created_at, row.pk, detail=detail)


def _with_links(rows: list[Happening]) -> list[Happening]:
    """The clicks with where they led."""
    clicks = [one for one in rows if one.number is not None and one.delivery is not None]
    asked = Q()
    for one in clicks:
        assert one.delivery is not None
        version = one.delivery.content_version
        asked |= Q(run_id=one.delivery.run_id, version=version, number=one.number)
    found = TrackedLink.objects.filter(asked) if clicks else TrackedLink.objects.none()
    links = {(row.run_id, row.version, row.number): row.address for row in found}
    return [replace(one, link=_link(one, links)) for one in rows]


def _link(one: Happening, links: dict[tuple[int, int, int], str]) -> str:
    if one.number is None or one.delivery is None:
        return ""
    return links.get((one.delivery.run_id, one.delivery.content_version, one.number), "")
