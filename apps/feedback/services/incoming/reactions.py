"""Openings and clicks that providers report, as the reactions of which ours are made, too."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from django.db.models.fields.json import KeyTextTransform

from apps.feedback.engagement.reaction import NO_LINK, Kind, Reaction
from apps.feedback.models import Event
from apps.feedback.tracking_event import TrackingEvent
from apps.mailings.links import letter_of
from apps.mailings.models import Delivery, TrackedLink, Tracking

_KINDS: Final[Mapping[str, Kind]] = {
    Event.Kind.OPENED.value: "open",
    Event.Kind.CLICKED.value: "click",
}
_OUR_LINK: Final = re.compile(r"/l/([^/]+)/\d+")
_PLACEHOLDER: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")


@dataclass(frozen=True, slots=True)
class _Measured:
    """A delivery whose reactions may be counted."""

    run_id: int
    version: int
    of_person: bool


def is_reaction(tracking_event: TrackingEvent) -> bool:
    """True for an opening or a click; one of our own link is counted where it leads."""
    return tracking_event.kind in _KINDS and not _is_ours(tracking_event.url)


def reactions_of(reported: Sequence[tuple[TrackingEvent, int]], now: datetime) -> list[Reaction]:
    """The reactions in these events about deliveries, of those whose letters are measured."""
    measured = _measured({delivery_id for _event, delivery_id in reported})
    links = _links({one.run_id for one in measured.values()})
    found = []
    for event, delivery_id in reported:
        letter = measured.get(delivery_id)
        if letter is None:
            continue
        kind = _KINDS[event.kind]
        of_letter = links.get((letter.run_id, letter.version), ())
        found.append(
            Reaction(
                kind=kind,
                at=min(event.happened_at or now, now),
                delivery_id=delivery_id if letter.of_person else 0,
                run_id=letter.run_id,
                version=letter.version,
                number=_number(event.url, of_letter) if kind == "click" else NO_LINK,
                user_agent=event.user_agent,
                source=event.source,
                preloaded=event.preloaded,
            )
        )
    return found


def _measured(deliveries: Iterable[int]) -> dict[int, _Measured]:
    """Who may be measured: the run says how much, and the recipient may have said no."""
    rows = Delivery.objects.filter(pk__in=list(deliveries), recipient__unmeasured=False)
    levels = rows.annotate(level=KeyTextTransform("tracking", "run__content"))
    return {
        number: _Measured(run_id, version, level == Tracking.PERSONS)
        for number, run_id, version, level in levels.values_list(
            "pk", "run_id", "content_version", "level"
        )
        if level in (Tracking.PERSONS, Tracking.TOTALS)
    }


def _links(runs: Iterable[int]) -> dict[tuple[int, int], list[tuple[int, str]]]:
    found: dict[tuple[int, int], list[tuple[int, str]]] = defaultdict(list)
    rows = TrackedLink.objects.filter(run__in=list(runs)).order_by("run", "version", "number")
    for run_id, version, number, address in rows.values_list(
        "run_id", "version", "number", "address"
    ):
        found[run_id, version].append((number, address))
    return found


def _number(url: str, links: Sequence[tuple[int, str]]) -> int:
    """The first link with this address; placeholders in one stand for anything."""
    exact = (number for number, address in links if address == url)
    filled = (number for number, address in links if _fits(url, address))
    return next(exact, None) or next(filled, NO_LINK)


def _fits(url: str, address: str) -> bool:
    """True if placeholders are all that differs. One pass: many of them cost no more than one."""
    first, *middle = _PLACEHOLDER.split(address)
    if not middle:
        return url == first
    last, at = middle.pop(), len(first)
    for part in middle:
        found = url.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return url.startswith(first) and url.endswith(last) and at + len(last) <= len(url)


def _is_ours(url: str) -> bool:
    """True if it is a link of a letter that we count ourselves."""
    try:
        ours = _OUR_LINK.fullmatch(urlsplit(url).path) if url else None
    except ValueError:
        return False
    return ours is not None and letter_of(ours[1]) is not None
