"""Both databases find the same people, and a tree and its negation divide everybody.

The answers are compared with those of a third reader, plain Python, which both have to equal.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from apps.mailings.models import Recipient
from apps.mailings.segments import explained
from tests.factories import UserFactory
from tests.mailings.segments.trees import (
    KINDS,
    NOW,
    TESTS,
    define,
    found,
    ground,
    people,
    random_node,
    tree,
)

pytestmark = [pytest.mark.django_db, pytest.mark.engine]
TODAY = NOW.date()


def _day(value: str) -> date | None:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return day if day.isoformat() == value else None


def _read(value: Any, kind: str) -> Any:
    """The value, if it is of this kind."""
    if kind == "bool":
        return value if isinstance(value, bool) else None
    if kind == "number":
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if not isinstance(value, str):
        return None
    return _day(value) if kind == "date" else value


def _celebrated(day: date, on: date) -> bool:
    leap = on.year % 4 == 0
    if (day.month, day.day) == (2, 29) and not leap:
        return (on.month, on.day) == (2, 28)
    return (day.month, day.day) == (on.month, on.day)


_ANSWERS: dict[str, Callable[[Any, Any], bool]] = {
    "is": lambda have, value: bool(have == value),
    "in": lambda have, value: have in value,
    "known": lambda have, value: have != "",
    "contains": lambda have, value: value.lower() in have.lower(),
    "starts": lambda have, value: have.startswith(value),
    "at_least": lambda have, value: have >= value,
    "at_most": lambda have, value: have <= value,
    "before": lambda have, value: have < date.fromisoformat(value),
    "after": lambda have, value: have >= date.fromisoformat(value),
    "last": lambda have, value: TODAY - timedelta(value) <= have <= TODAY,
    "next": lambda have, value: TODAY <= have <= TODAY + timedelta(value),
    "anniversary": lambda have, value: _celebrated(have, TODAY + timedelta(value)),
}


def _between(have: Any, value: Any) -> bool:
    low, high = map(date.fromisoformat, value) if isinstance(value[0], str) else value
    return bool(low <= have <= high)


def answer(node: dict[str, Any], attributes: dict[str, Any]) -> bool:
    """Does somebody with these attributes meet the node?"""
    if "all" in node:
        return all(answer(one, attributes) for one in node["all"])
    if "any" in node:
        return any(answer(one, attributes) for one in node["any"])
    if "not" in node:
        return not answer(node["not"], attributes)
    have = _read(attributes.get(node["name"]), KINDS[node["name"]])
    if have is None:
        return False
    ask = _between if node["op"] == "between" else _ANSWERS[node["op"]]
    return ask(have, node.get("value"))


def nodes() -> list[dict[str, Any]]:
    dice = random.Random(11)
    return [*TESTS, *(random_node(dice, dice.randint(1, 3)) for _ in range(150))]


def test_a_tree_finds_the_same_people_as_plain_reading() -> None:
    owner = UserFactory.create()
    people(owner, 600)
    everybody = dict(Recipient.objects.values_list("email", "attributes"))
    for node in nodes():
        met = {email for email, attributes in everybody.items() if answer(node, attributes)}
        assert found(owner, node) == met, node
        assert found(owner, {"not": node}) == everybody.keys() - met, node


def test_an_index_changes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an index of its own an attribute is asked for in another form."""
    owner = UserFactory.create()
    people(owner, 600)
    for node in nodes():
        assert found(owner, node) == found(owner, node, indexed=frozenset(KINDS)), node


def test_windows_together_find_everybody_once() -> None:
    owner = UserFactory.create()
    people(owner, 90)
    first = Recipient.objects.order_by("pk").values_list("pk", flat=True)[0]
    for node in nodes()[:40]:
        parts = [
            found(owner, node, window=(first - 1 + at, first - 1 + at + 30)) for at in (0, 30, 60)
        ]
        assert set().union(*parts) == found(owner, node), node
        assert sum(map(len, parts)) == len(found(owner, node)), node


def test_the_explanation_of_one_person_is_the_answer_of_every_node() -> None:
    owner = UserFactory.create()
    define(owner)
    people(owner, 25)
    dice = random.Random(3)
    for row in Recipient.objects.all():
        node = random_node(dice, 3)
        answers = explained(tree(node), ground(owner), row.pk)
        assert answers["root"] is answer(node, row.attributes)
        assert answers["root"] is (row.email in found(owner, node))
        assert all(isinstance(one, bool) for one in answers.values())
