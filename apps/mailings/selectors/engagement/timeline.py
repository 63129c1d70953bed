"""Everything that happened with one person, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import pgettext_lazy

from apps.core.audit.acts import Act
from apps.core.audit.in_words import changes_in_words
from apps.mailings.models import (
    Consent,
    Delivery,
    Engagement,
    Recipient,
    SuppressionEvent,
    Tag,
    TrackedLink,
)
from apps.users.models import AuditEntry

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
#: What the recipient's page lists with reasons, outside of the timeline.
DELIVERIES: Final = frozenset(("sent", *_ENDS))
#: A row that is written when it is made is not changed by that.
_AT_ONCE: Final = timedelta(seconds=5)

#: When, which kind, which row, and which of its events.
Key = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened. ``delivery``: to which letter; ``link``: where a click led.

    ``term`` and ``rule`` say who opened or clicked, and why that is known; ``detail`` is what else
    there is to say; ``changes``: the changed fields, as the audit log has them.
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
    changes: Mapping[str, Any] = field(default_factory=dict)

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


def timeline_of(
    recipient: Recipient, *, size: int, after: str = "", without: frozenset[str] = frozenset()
) -> TimelinePage:
    """So many of what happened, from this place on; nothing of the kinds in ``without``.

    Raises ValueError for what is no place.
    """
    found = (one for one in _all(recipient) if one.kind not in without)
    every = sorted(found, key=lambda one: one.key, reverse=True)
    place = _place(after) if after else None
    older = [one for one in every if place is None or one.key < place]
    rows = older[:size]
    more = ".".join(map(str, rows[-1].key)) if len(older) > size else ""
    return TimelinePage(_with_changes(_with_links(rows)), len(every), more)


def _place(text: str) -> Key:
    moment, kind, row, part = (int(word) for word in text.split("."))
    return moment, kind, row, part


def _all(recipient: Recipient) -> Iterator[Happening]:
    yield Happening("added", recipient.created_at, recipient.pk)
    yield from _changes(recipient)
    deliveries = Delivery.objects.filter(recipient=recipient).select_related("run__mailing")
    letters = {row.pk: row for row in deliveries.defer("run__content").order_by("-pk")[:MOST]}
    yield from _deliveries(letters.values())
    rows = Engagement.objects.filter(recipient=recipient).order_by("-run_id")[:MOST]
    for row in rows:
        yield from _reactions(row, letters.get(row.delivery_id))
    yield from _consents(recipient)
    yield from _suppressions(recipient)


def _changes(recipient: Recipient) -> Iterator[Happening]:
    """Those that the audit log still has; of a write of many rows, such as an import, the last."""
    known = recipient.created_at + _AT_ONCE
    about: dict[str, Any] = {"object_type": recipient._meta.label_lower, "object_id": recipient.pk}
    rows = AuditEntry.objects.filter(**about, act=Act.CHANGED).only("at", "changes")
    for row in rows.order_by("-pk")[:MOST]:
        if row.at > recipient.created_at + _AT_ONCE:
            yield Happening("changed", row.at, row.pk, changes=row.changes)
        known = max(known, row.at + _AT_ONCE)
    if recipient.updated_at > known:
        yield Happening("changed", recipient.updated_at, recipient.pk)


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


def _with_changes(rows: list[Happening]) -> list[Happening]:
    """The changes with what was changed, from what to what."""
    pairs = [pair for one in rows for pair in one.changes.get("tags", ()) if isinstance(pair, list)]
    tags = {pk for pair in pairs for pk in pair}
    names = dict(Tag.objects.filter(pk__in=tags).values_list("pk", "name")) if tags else {}
    return [replace(one, detail=_changed(one, names)) if one.changes else one for one in rows]


def _changed(one: Happening, tags: Mapping[int, str]) -> str:
    changes = dict(one.changes)
    if "tags" in changes:
        changes["tags"] = [_named(pair, tags) for pair in changes["tags"]]
    found = changes_in_words(Recipient._meta.label_lower, changes)
    said = sorted(f"{capfirst(it.label)}: {it.before} → {it.after}" for it in found)
    return " · ".join(said)


def _named(ids: Any, tags: Mapping[int, str]) -> Any:
    return ", ".join(tags.get(pk, f"(id:{pk})") for pk in ids) if isinstance(ids, list) else ids


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
