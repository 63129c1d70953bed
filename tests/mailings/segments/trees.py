"""People with every wrong kind of value, trees about them, and how the tests ask."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from typing import Any, Final

from apps.mailings.models import AttributeDefinition, Recipient
from apps.mailings.segments import Ground, members
from apps.users.models import User

NOW: Final = datetime(2026, 11, 28, 12, tzinfo=UTC)
KINDS: Final = {
    "age": "number",
    "city": "text",
    "birthday": "date",
    "vip": "bool",
    "spent": "number",
    "тариф": "choice",
}
_VALUES: Final[list[Any]] = [
    *(None, "abc", "30", 30, 30.0, 45, -1, 0, True, False, "2026-11-30", "1990-12-01"),
    *("1988-02-29", "", "ЖАР", "жар", "null", 1e9, "true", [1], {"a": 1}, ["abc"], "12"),
    *("1990-1-1", "1990-12-01T10:00", "100%", "a_c", "30 ноября"),
]


def attribute(name: str, op: str, value: Any = None) -> dict[str, Any]:
    asked = {"field": "attribute", "name": name, "op": op}
    return asked if value is None else asked | {"value": value}


TESTS: Final = [
    attribute("age", "is", 30),
    attribute("age", "in", [30, 45, 1e9]),
    attribute("age", "between", [0, 45]),
    attribute("age", "at_least", 30),
    attribute("age", "at_most", 30),
    attribute("age", "known"),
    attribute("city", "is", "30"),
    attribute("city", "in", ["ЖАР", "abc"]),
    attribute("city", "contains", "жа"),
    attribute("city", "contains", "0%"),
    attribute("city", "starts", "a_"),
    attribute("city", "starts", "Ж"),
    attribute("city", "known"),
    attribute("тариф", "is", "abc"),
    attribute("тариф", "starts", "3"),
    attribute("birthday", "anniversary", 3),
    attribute("birthday", "anniversary", 92),
    attribute("birthday", "before", "1990-12-01"),
    attribute("birthday", "after", "1990-12-01"),
    attribute("birthday", "between", ["1980-01-01", "1995-12-31"]),
    attribute("birthday", "last", 30),
    attribute("birthday", "next", 2),
    attribute("birthday", "known"),
    attribute("vip", "is", True),
    attribute("vip", "is", False),
    attribute("vip", "known"),
    attribute("spent", "known"),
]


def random_node(dice: random.Random, depth: int) -> dict[str, Any]:
    """A tree of tests of attributes, of at most this depth."""
    if depth == 0:
        return dice.choice(TESTS)
    if dice.random() < 0.3:
        return {"not": random_node(dice, depth - 1)}
    inside = [random_node(dice, depth - 1) for _ in range(dice.randint(1, 3))]
    return {dice.choice(["all", "any"]): inside}


def tree(node: dict[str, Any]) -> dict[str, Any]:
    """The node as the root of a tree."""
    return {"version": 1, "root": node}


def ground(owner: User, **changes: Any) -> Ground:
    """A fixed day, and the attributes of these people."""
    given: dict[str, Any] = {"owner_id": owner.pk, "now": NOW, "today": date(2026, 11, 28)}
    return Ground(**given, kinds=KINDS, **changes)


def define(owner: User) -> None:
    AttributeDefinition.objects.bulk_create(
        AttributeDefinition(owner=owner, name=name, kind=kind) for name, kind in KINDS.items()
    )


def people(owner: User, count: int) -> None:
    """So many people, the same in every run and on every database."""
    dice = random.Random(7)
    Recipient.objects.bulk_create(
        Recipient(
            owner=owner,
            email=f"t{number}@example.org",
            attributes={name: dice.choice(_VALUES) for name in KINDS if dice.random() < 0.8},
        )
        for number in range(count)
    )


def found(owner: User, node: dict[str, Any], **changes: Any) -> set[str]:
    """The addresses of those who meet the condition."""
    rows = members(tree(node), ground(owner, **changes))
    return {str(email) for email in rows.values_list("email", flat=True)}
