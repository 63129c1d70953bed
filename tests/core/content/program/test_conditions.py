"""Conditions of a letter: one answer for each recipient, and the opposite for its negation."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from apps.core.content.blocks.values import Rule as BlockRule
from apps.core.content.blocks.values import Visibility
from apps.core.content.program import Condition, ConditionsTooMany, Values, asked_by, values_of
from apps.core.content.program.conditions import FIELD, bits_of
from apps.core.content.template_language import TemplateSyntax

VALUES = {
    "city": "Казань",
    "age": "42",
    "price": "1 290,50",
    "code": "007",
    "since": "2026-11-30",
    "born": "5 мая 1990",
    "language": "ru-RU",
    "empty": "",
}


def holds(*rules: dict[str, Any], match: str = "all", bits: int = 0) -> bool:
    condition = Condition.from_json({"match": match, "rules": list(rules)})
    asked = asked_by([condition])
    return condition.test(bits_of(asked))(values_of(VALUES, bits))


def field(name: str, op: str, value: str = "") -> dict[str, Any]:
    return {"kind": "field", "name": name, "op": op, "value": value, "id": None}


def row(kind: str, pk: int, op: str = "is") -> dict[str, Any]:
    return {"kind": kind, "id": pk, "op": op, "name": "", "value": ""}


@pytest.mark.parametrize(
    ("name", "op", "value", "expected"),
    [
        ("city", "is", "Казань", True),
        ("city", "is", "Омск", False),
        ("city", "is_not", "Омск", True),
        ("missing", "is", "Омск", False),
        ("missing", "is_not", "Омск", True),
        ("age", "is", "42,0", True),
        ("code", "is", "7", False),
        ("code", "is", "007", True),
        ("city", "contains", "каз", True),
        ("missing", "contains", "", False),
        ("city", "empty", "", False),
        ("empty", "empty", "", True),
        ("missing", "empty", "", True),
        ("city", "not_empty", "", True),
        ("missing", "not_empty", "", False),
        ("age", "more", "41", True),
        ("age", "more", "42", False),
        ("age", "less", "100", True),
        ("price", "more", "1290", True),
        ("city", "more", "1", False),
        ("city", "less", "1", False),
        ("age", "less", "many", False),
        ("since", "before", "01.12.2026", True),
        ("since", "before", "2026-11-30", False),
        ("since", "after", "2026-11-30", True),
        ("born", "before", "2000-01-01", True),
        ("city", "before", "2026-01-01", False),
        ("city", "after", "2026-01-01", False),
        ("missing", "after", "2026-01-01", False),
    ],
)
def test_a_field_is_compared_as_what_it_is(name: str, op: str, value: str, expected: bool) -> None:
    assert holds(field(name, op, value)) is expected


@pytest.mark.parametrize(
    ("value", "expected"), [("ru", True), ("RU-ru", True), ("en", False), ("ru-BY", False)]
)
def test_a_language_is_also_its_base(value: str, expected: bool) -> None:
    rule = {"kind": "language", "op": "is", "value": value}
    assert holds(rule) is expected
    assert holds({**rule, "op": "is_not"}) is not expected


def test_a_language_may_be_unknown() -> None:
    assert holds({"kind": "language", "op": "not_empty"})
    assert not holds({"kind": "language", "op": "empty"})


def test_tags_and_segments_are_bits_in_the_order_in_which_they_are_asked() -> None:
    tag, segment = row("tag", 5), row("segment", 5)
    assert holds(tag, segment, bits=0b11)
    assert not holds(tag, segment, bits=0b10)
    assert holds(tag, segment, match="any", bits=0b10)
    assert not holds(tag, segment, match="any")
    assert holds(row("tag", 5, "is_not"))
    assert not holds(row("tag", 5, "is_not"), bits=1)


def test_one_tag_asked_twice_has_one_bit() -> None:
    conditions = [
        Condition.from_json({"rules": [row("tag", 9), row("segment", 2)]}),
        Condition.from_json({"rules": [row("tag", 9, "is_not"), row("tag", 1)]}),
    ]
    assert asked_by(conditions) == (("tag", 9), ("segment", 2), ("tag", 1))


def test_a_delivery_keeps_62_bits() -> None:
    conditions = [Condition.from_json({"rules": [row("tag", number)]}) for number in range(1, 63)]
    assert max(bits_of(asked_by(conditions)).values()) == 1 << 61
    conditions.append(Condition.from_json({"rules": [row("tag", 63)]}))
    with pytest.raises(ConditionsTooMany) as refusal:
        asked_by(conditions)
    assert refusal.value.code == "conditions_too_many"


@pytest.mark.parametrize(
    "kept",
    [
        None,
        {},
        {"rules": []},
        {"rules": [field("city", "is")] * 11},
        {"match": "some", "rules": [field("city", "is")]},
        {"rules": [field("", "is")]},
        {"rules": [field("city", "like")]},
        {"rules": [{**field("city", "is"), "id": 5}]},
        {"rules": [{"kind": "tag", "op": "is"}]},
        {"rules": [{"kind": "tag", "op": "is", "id": True}]},
        {"rules": [{"kind": "tag", "op": "more", "id": 5}]},
        {"rules": [{"kind": "moon", "op": "is"}]},
        {"rules": [{"kind": "field", "name": "city", "op": "is", "value": 5}]},
        {"rules": ["city"]},
    ],
)
def test_what_nothing_of_ours_has_written_is_refused(kept: Any) -> None:
    with pytest.raises(TemplateSyntax):
        Condition.from_json(kept)


@pytest.mark.parametrize("op", get_args(BlockRule.model_fields["op"].annotation))
def test_every_test_of_a_block_can_be_asked(op: str) -> None:
    rule = BlockRule.model_validate({"kind": FIELD, "name": "city", "op": op, "value": "1"})
    kept = Visibility(rules=(rule,)).model_dump(mode="json")
    assert Condition.from_json(kept).test({})(Values()) in (True, False)


def test_a_block_for_a_language_can_be_asked() -> None:
    kept = Visibility(rules=(BlockRule(kind="language", value="ru"),)).model_dump(mode="json")
    assert Condition.from_json(kept).test({})(Values({"language": "ru"}))
