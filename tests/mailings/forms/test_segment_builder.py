"""The builder: a tree becomes a form, the form that is sent becomes the same tree."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import QueryDict

from apps.mailings.forms.segment_builder import Builder, Part
from apps.mailings.segments import checked
from tests.factories import MailingFactory, TagFactory, UserFactory
from tests.mailings.segments.trees import KINDS, TESTS, define, random_node, tree

_TEXTS = ("value", "low", "high", "run", "link", "days")


def sent(part: Part) -> list[tuple[str, str]]:
    """What a browser sends of this node: every field that the page shows, and more."""
    if part.asked is None:
        own = [(f"{part.path}.kind", part.mode)]
        return own + [pair for child in part.children for pair in sent(child)]
    asked, path = part.asked, part.path
    pairs = [
        (f"{path}.kind", "test"),
        (f"{path}.not", "1" if asked.negated else ""),
        (f"{path}.field", asked.field),
        (f"{path}.op", asked.op),
        *((f"{path}.{name}", getattr(asked, name)) for name in _TEXTS),
        *((f"{path}.rows", one) for one in asked.rows),
    ]
    return [*pairs, (f"{path}.machine", "1")] if asked.machine else pairs


def posted(builder: Builder) -> Builder:
    return Builder.posted(QueryDict(urlencode(sent(builder.root))), builder.kinds)


def simplified(node: dict[str, Any]) -> Any:
    """Without double negations, which the form does not show; a lone condition is in a group."""
    if "not" in node:
        inner = node["not"]
        return simplified(inner["not"]) if "not" in inner else {"not": simplified(inner)}
    for word in ("all", "any"):
        if word in node:
            return {word: [simplified(child) for child in node[word]]}
    return node


@pytest.mark.django_db
def test_a_tree_comes_back_from_its_form_unchanged() -> None:
    owner = UserFactory.create()
    define(owner)
    dice = random.Random(5)
    some, mailing = TagFactory.create(owner=owner), MailingFactory.create(owner=owner)
    nodes = [
        *TESTS,
        *(random_node(dice, dice.randint(1, 3)) for _ in range(60)),
        {"field": "tag", "op": "any_of", "value": [some.pk]},
        {"field": "did", "op": "opened", "mailings": [mailing.pk], "days": 3, "machine": True},
        {"field": "did", "op": "clicked", "mailings": [mailing.pk], "run": 2, "link": 3},
        {"field": "did", "op": "got"},
        {"field": "source", "op": "in", "value": ["api", "import"]},
        {"field": "channel", "op": "has_address", "value": "phone"},
        {"field": "created", "op": "between", "value": ["2026-01-01", "2026-02-01"]},
    ]
    for node in nodes:
        kept = checked(tree({"all": [node]}), owner)
        back = posted(Builder.of_tree(kept, KINDS)).tree()
        assert checked(back, owner)["root"] == simplified(kept["root"]), node


@pytest.fixture
def builder() -> Builder:
    return Builder.fresh(KINDS)


def test_buttons_add_group_move_and_remove(builder: Builder) -> None:
    assert builder.act("add:r")
    assert builder.act("group:r")
    assert builder.focus == "r.2.0"
    builder.root.children[0].asked.value = "first"  # type: ignore[union-attr]
    assert builder.act("down:r.0")
    assert builder.root.children[1].asked.value == "first"  # type: ignore[union-attr]
    assert builder.act("up:r.1")
    assert builder.act("up:r.0")
    assert builder.root.children[0].asked.value == "first"  # type: ignore[union-attr]
    assert builder.act("remove:r.2.0")
    assert builder.root.children[2].children == []
    assert not builder.act("save")
    assert not builder.act("remove:r")
    assert not builder.act("add:r.0")


def test_a_field_that_has_no_such_test_takes_its_first_one(builder: Builder) -> None:
    asked = builder.root.children[0].asked
    assert asked is not None
    asked.field, asked.op = "attribute:age", "starts"
    test = asked.test(KINDS)
    assert test is not None and test.op == "is"


def test_a_refusal_stands_beside_its_condition(builder: Builder) -> None:
    builder.act("group:r")
    builder.root.children[1].mode = "none"
    builder.tree()
    builder.mark("root.all[1].not.any[0].value", "wrong")
    assert builder.root.children[1].children[0].error == "wrong"
    builder.mark("root", "empty")
    assert builder.root.error == "empty"


@pytest.mark.parametrize(
    "data",
    ["", "r.kind=test", "r.kind=nothing", "r.kind=all&r.0.kind=all&r.0.0.kind=test", "r.0.kind=x"],
)
def test_whatever_is_sent_there_is_a_form(data: str) -> None:
    builder = Builder.posted(QueryDict(data), KINDS)
    assert builder.root.path == "r" and builder.root.asked is None


def test_more_nodes_than_a_tree_may_have_are_not_read() -> None:
    deep = "&".join("r" + ".0" * depth + ".kind=all" for depth in range(60))
    wide = "&".join(f"r.{at}.kind=test" for at in range(1000))
    builder = Builder.posted(QueryDict(f"{deep}"), KINDS)
    depth, part = 0, builder.root
    while part.children:
        part, depth = part.children[0], depth + 1
    assert depth == 6
    assert len(Builder.posted(QueryDict(f"r.kind=all&{wide}"), KINDS).root.children) < 200
