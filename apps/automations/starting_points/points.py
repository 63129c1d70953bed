"""The starting points: what each is for, its messages of the gallery, and its steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.automations.definition.flow import Raw

_DAY: Final = 86_400
#: The one message that the gallery does not have.
REMINDER: Final = "reminder"


class Things(Protocol):
    """The owner's things that a starting point needs, made where there are none."""

    def newest_list(self) -> int | None:
        """The newest list, if there is any."""

    def tag(self, name: str) -> int:
        """The tag of this name."""

    def segment(self, name: str, root: Raw) -> int:
        """The segment of this name; made with these conditions when there is none."""

    def date_field(self, *stems: str, otherwise: str) -> str:
        """The custom field with a date whose name has one of these; else that name."""


@dataclass(frozen=True, slots=True)
class Point:
    """One starting point. ``steps`` makes the definition of its messages and the owner's things."""

    slug: str
    title: str | Promise
    description: str | Promise
    letters: tuple[str, ...]
    make: Callable[[Sequence[int], Things], Raw]


def _send(key: str, message: int, **fields: Any) -> Raw:
    return {"key": key, "kind": "send", "message": message, **fields}


def _wait(key: str, days: int) -> Raw:
    return {"key": key, "kind": "wait", "seconds": days * _DAY}


def _on_list(things: Things) -> Raw:
    found = things.newest_list()
    return {"kind": "subscribed"} if found is None else {"kind": "subscribed", "list": found}


def _welcome(messages: Sequence[int], things: Things) -> Raw:
    steps = [
        _send("letter-1", messages[0]),
        _wait("wait-1", 2),
        _send("letter-2", messages[1]),
        _wait("wait-2", 5),
        _send("letter-3", messages[2]),
    ]
    return {"trigger": _on_list(things), "steps": steps}


def _confirm(messages: Sequence[int], things: Things) -> Raw:
    """Who has not confirmed after a day is reminded once; nothing else is sent to them."""
    found = things.newest_list()
    asked: Raw = {"field": "list", "op": "unconfirmed", "value": [found]}
    segment = None
    if found is not None:
        segment = things.segment(_("Have not confirmed"), {"all": [asked]})
    trigger = {"kind": "segment"} if segment is None else {"kind": "segment", "segment": segment}
    tree = {"version": 1, "root": {"all": [asked]}} if found is not None else None
    condition: Raw = {"key": "condition-1", "kind": "condition", "otherwise": ""}
    if tree is not None:
        condition["tree"] = tree
    steps = [
        _wait("wait-1", 1),
        condition,
        _send("letter-1", messages[0], transactional=True),
    ]
    exits = {"goal": None, "unsubscribed": False, "suppressed": True}
    return {"trigger": trigger, "exits": exits, "steps": steps}


def _birthday(messages: Sequence[int], things: Things) -> Raw:
    field = things.date_field("birth", "рожд", otherwise="birthday")
    trigger = {"kind": "date", "field": field, "days": 0, "at": "10:00", "yearly": True}
    steps = [_send("letter-1", messages[0])]
    return {"trigger": trigger, "reentry": {"kind": "finished"}, "steps": steps}


def _silent(messages: Sequence[int], things: Things) -> Raw:
    """Two messages to those who have not opened for long; who stays silent gets a tag."""
    fresh = {"field": "created", "op": "last", "value": 90}
    got = {"field": "did", "op": "got", "days": 90}
    opened = {"field": "did", "op": "opened", "days": 90}
    root = {"all": [{"not": fresh}, got, {"not": opened}]}
    segment = things.segment(_("Silent for 90 days"), root)
    steps = [
        _send("letter-1", messages[0]),
        {
            "key": "wait-1",
            "kind": "wait",
            "seconds": 7 * _DAY,
            "until": {"did": "opened", "letter": "letter-1"},
            "next": "",
        },
        _send("letter-2", messages[1]),
        {
            "key": "wait-2",
            "kind": "wait",
            "seconds": 7 * _DAY,
            "until": {"did": "opened", "letter": "letter-2"},
            "next": "",
        },
        {"key": "act-1", "kind": "act", "act": "add_tag", "tag": things.tag(_("silent"))},
    ]
    trigger = {"kind": "segment", "segment": segment, "minutes": 60}
    return {"trigger": trigger, "reentry": {"kind": "days", "days": 180}, "steps": steps}


def _purchase(messages: Sequence[int], things: Things) -> Raw:
    steps = [
        _wait("wait-1", 3),
        _send("letter-1", messages[0]),
        _wait("wait-2", 14),
        _send("letter-2", messages[1]),
    ]
    trigger = {"kind": "event", "name": "order.paid"}
    return {"trigger": trigger, "reentry": {"kind": "days", "days": 30}, "steps": steps}


def _event(messages: Sequence[int], things: Things) -> Raw:
    field = things.date_field("event", "меропр", "событ", otherwise="event_date")
    trigger = {"kind": "date", "field": field, "days": -3, "at": "10:00", "yearly": False}
    until = {"key": "wait-1", "kind": "wait", "field": field, "days": -1, "at": "18:00"}
    steps = [_send("letter-1", messages[0]), until, _send("letter-2", messages[1])]
    return {"trigger": trigger, "reentry": {"kind": "finished"}, "steps": steps}


POINTS: Final = (
    Point(
        "welcome",
        gettext_lazy("Welcome series"),
        gettext_lazy(
            "Three messages after somebody subscribes: at once, after 2 and after 7 days."
        ),
        ("welcome", "personal", "survey"),
        _welcome,
    ),
    Point(
        "confirm",
        gettext_lazy("Double opt-in reminder"),
        gettext_lazy("One reminder to recipients who have not confirmed a list within a day."),
        (REMINDER,),
        _confirm,
    ),
    Point(
        "birthday",
        gettext_lazy("Birthday"),
        gettext_lazy("A greeting on the day, at ten in the morning where the recipient lives."),
        ("birthday",),
        _birthday,
    ),
    Point(
        "silent",
        gettext_lazy("Re-engagement before clean-up"),
        gettext_lazy("Two messages to those who have opened nothing for 90 days; then a tag."),
        ("comeback", "survey"),
        _silent,
    ),
    Point(
        "purchase",
        gettext_lazy("After a purchase"),
        gettext_lazy("Your shop reports the event order.paid: a question, then an offer."),
        ("survey", "product"),
        _purchase,
    ),
    Point(
        "event",
        gettext_lazy("Event reminder"),
        gettext_lazy("Three days before the date in a custom field, and the evening before it."),
        ("event", "event"),
        _event,
    ),
)
BY_SLUG: Final[Mapping[str, Point]] = {one.slug: one for one in POINTS}
