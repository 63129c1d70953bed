"""How the value of a custom field is read as its kind, and written in a message."""

from __future__ import annotations

from typing import Any

import pytest

from apps.mailings.attribute_values import AttributeKind, Kind, as_text, list_items, lists_in


@pytest.mark.parametrize(
    ("kind", "given", "read"),
    [
        ("text", "Омск", "Омск"),
        ("text", 30, "30"),
        ("text", True, "true"),
        ("text", "x" * 1001, None),
        ("number", "30", 30),
        ("number", " 1 234,50 ", 1234.5),
        ("number", "1,234,567.5", 1234567.5),
        ("number", "1,234,567", 1234567),
        ("number", "-5", -5),
        ("number", "\u22125", -5),
        ("number", 30.0, 30),
        ("number", "30 years", None),
        ("number", "1e400", None),
        ("number", float("nan"), None),
        ("number", True, None),
        ("number", "1" * 17, None),
        ("date", "2026-11-30", "2026-11-30"),
        ("date", "2026-11-30T10:00:00Z", "2026-11-30"),
        ("date", "1.2.1990", "1990-02-01"),
        ("date", "30.02.2026", None),
        ("date", "02/01/2026", None),
        ("date", 20260101, None),
        ("bool", "Да", True),
        ("bool", "no", False),
        ("bool", 1, True),
        ("bool", "2", None),
        ("choice", "basic", "basic"),
        ("choice", "gold", None),
    ],
)
def test_a_value_is_read_as_its_kind_or_not_at_all(kind: str, given: Any, read: Any) -> None:
    found = AttributeKind(kind, ("basic", "pro") if kind == "choice" else ()).read(given)
    assert (type(found), found) == (type(read), read)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Омск", "Омск"),
        (30, "30"),
        (30.0, "30"),
        (30.5, "30.5"),
        (True, "true"),
        (None, ""),
        ([{"имя": 1}], '[{"имя": 1}]'),
    ],
)
def test_a_message_shows_the_value_as_it_is_written(value: Any, text: str) -> None:
    assert as_text(value) == text


def test_a_list_field_has_items_that_all_have_every_name() -> None:
    given = [{"name": "Tea", "price": 1.5}, {"name": None, "new": True}, {}]
    names = {"item.name": "", "item.price": "", "item.new": ""}
    assert list_items(given) == [
        {**names, "item.name": "Tea", "item.price": "1.5"},
        {**names, "item.new": "true"},
        names,
    ]


@pytest.mark.parametrize(
    "value",
    [
        "text",
        {"a": 1},
        ["a"],
        [[]],
        [{"a": {}}],
        [{"a": []}],
        [{"a b": 1}],
        [{"": 1}],
        [{"a": 1}] * 51,
        [{f"a{n}": 1 for n in range(21)}],
        [{"a": "x" * 16_001}],
    ],
)
def test_anything_else_is_no_list_field(value: Any) -> None:
    assert list_items(value) is None
    assert lists_in({"a": value}) == {}


def test_a_list_field_is_found_by_both_names() -> None:
    items = [{"item.a": "1"}]
    found = lists_in({"orders": [{"a": 1}], "city": "Omsk"})
    assert found == {"orders": items, "attributes.orders": items}


@pytest.mark.parametrize("kind", Kind.values)
def test_a_list_is_of_no_kind(kind: str) -> None:
    assert AttributeKind(kind).read([{"a": 1}]) is None
