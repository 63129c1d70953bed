"""What is taken as the tree of a segment, and which part of it is named when it is not."""

from __future__ import annotations

from typing import Any

import pytest

from apps.mailings.models import AttributeDefinition, MailingList
from apps.mailings.segments import SegmentInvalid, checked, estimate, sentence
from apps.users.models import User
from tests.factories import MailingFactory, TagFactory, UserFactory
from tests.mailings.segments.trees import define, ground, people, tree

pytestmark = pytest.mark.django_db
CITY = {"field": "attribute", "name": "city", "op": "is", "value": "Омск"}


@pytest.fixture
def owner() -> User:
    owner = UserFactory.create()
    define(owner)
    return owner


def nested(depth: int) -> dict[str, Any]:
    return CITY if depth == 0 else {"not": nested(depth - 1)}


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (None, ""),
        ({"root": CITY}, ""),
        ({"version": 2, "root": CITY}, "version"),
        ({"version": 1, "root": []}, "root"),
        (tree({"all": []}), "root"),
        (tree({"all": CITY}), "root"),
        (tree({"all": [CITY], "any": [CITY]}), "root"),
        (tree({"all": ["x"]}), "root.all[0]"),
        (tree({"not": None}), "root.not"),
        (tree({}), "root.field"),
        (tree({"all": [CITY, CITY | {"value": 5}]}), "root.all[1].value"),
        (tree(CITY | {"value": ""}), "root.value"),
        (tree(CITY | {"value": "x" * 201}), "root.value"),
        (tree(CITY | {"value": "\0"}), "root.value"),
        (tree(CITY | {"value": "\ud800"}), "root.value"),
        (tree(CITY | {"op": "in", "value": ["x"] * 1001}), "root.value"),
        (tree(CITY | {"op": "in", "value": []}), "root.value"),
        (tree(CITY | {"op": "at_least"}), "root"),
        (tree(CITY | {"name": "nothing"}), "root"),
        (tree(CITY | {"days": 3}), "root"),
        (tree(CITY | {"more": 3}), "root.more"),
        (tree(nested(6)), "root" + ".not" * 6),
        (tree({"all": [CITY] * 51}), "root.all[50]"),
        (tree({"field": "salary", "op": "is", "value": "x"}), "root"),
        (tree({"field": "email", "op": "is", "value": "nobody"}), "root.value"),
        (tree({"field": "email", "name": "city", "op": "known"}), "root"),
        (tree({"field": "source", "op": "is", "value": "heaven"}), "root.value"),
        (tree({"field": "channel", "op": "has_address", "value": "fax"}), "root.value"),
        (tree({"field": "tag", "op": "any_of", "value": [0]}), "root.value"),
        (tree({"field": "tag", "op": "any_of", "value": [2**63]}), "root.value"),
        (tree({"field": "tag", "op": "any_of", "value": [True]}), "root.value"),
        (tree({"field": "created", "op": "before", "value": "2026-02-30"}), "root.value"),
        (tree({"field": "created", "op": "before", "value": "20260201"}), "root.value"),
        (tree({"field": "created", "op": "last", "value": -1}), "root.value"),
        (tree({"field": "created", "op": "between", "value": ["2026-02-01"]}), "root.value"),
        (
            tree({"field": "created", "op": "between", "value": ["2026-02-02", "2026-02-01"]}),
            "root.value",
        ),
        (tree({"field": "did", "op": "got", "value": 3}), "root.value"),
        (tree({"field": "did", "op": "got", "machine": True}), "root.machine"),
        (tree({"field": "did", "op": "got", "days": 0}), "root.days"),
        (tree({"field": "did", "op": "got", "run": 1}), "root.mailings"),
        (tree({"field": "did", "op": "clicked", "mailings": [1, 2], "link": 1}), "root.mailings"),
        (tree({"field": "did", "op": "opened", "mailings": [1], "link": 1}), "root.link"),
        (tree({"field": "did", "op": "got", "mailings": list(range(1, 12))}), "root.mailings"),
        (tree({"field": "did", "op": "got", "mailings": []}), "root.mailings"),
        (
            tree({"field": "attribute", "name": "age", "op": "at_least", "value": float("nan")}),
            "root.value",
        ),
        (tree({"field": "attribute", "name": "age", "op": "is", "value": True}), "root.value"),
        (tree({"field": "attribute", "name": "vip", "op": "is", "value": 1}), "root.value"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(owner: User, given: Any, path: str) -> None:
    with pytest.raises(SegmentInvalid) as refusal:
        checked(given, owner)
    assert refusal.value.path == path


def test_what_belongs_to_somebody_else_does_not_exist(owner: User) -> None:
    others = TagFactory.create()
    node = {"all": [CITY, {"field": "tag", "op": "any_of", "value": [others.pk]}]}
    with pytest.raises(SegmentInvalid) as refusal:
        checked(tree(node), owner)
    assert refusal.value.path == "root.all[1]"
    mailing = MailingFactory.create()
    with pytest.raises(SegmentInvalid):
        checked(tree({"field": "did", "op": "got", "mailings": [mailing.pk]}), owner)


def test_a_good_tree_is_kept_in_one_form(owner: User) -> None:
    node = {"any": [CITY, {"not": {"field": "email", "op": "is", "value": "Anna@Example.org"}}]}
    kept = checked(tree(node), owner)
    assert kept["root"]["any"][1] == {
        "not": {"field": "email", "op": "is", "value": "anna@example.org"}
    }
    assert kept["root"]["any"][0] == CITY
    assert checked(kept, owner) == kept


def test_the_limits_themselves_are_allowed(owner: User) -> None:
    checked(tree(nested(5)), owner)
    checked(tree({"all": [CITY] * 50}), owner)
    checked(tree(CITY | {"op": "in", "value": ["x" * 200] * 1000}), owner)


def test_a_sentence_says_whom_a_tree_describes(owner: User) -> None:
    AttributeDefinition.objects.filter(name="city").update(label="City")
    weekly = MailingList.objects.create(owner=owner, title="News", slug="news")
    mailing = MailingFactory.create(owner=owner, name="Spring")
    node = {
        "all": [
            {"field": "list", "op": "subscribed", "value": [weekly.pk]},
            {"any": [CITY, {"field": "did", "op": "clicked", "mailings": [mailing.pk]}]},
            {"not": {"field": "did", "op": "opened", "days": 90}},
            {"field": "attribute", "name": "birthday", "op": "anniversary", "value": 3},
            {"field": "attribute", "name": "age", "op": "between", "value": [18, 30.5]},
            {"field": "attribute", "name": "vip", "op": "is", "value": True},
        ]
    }
    assert sentence(checked(tree(node), owner), owner) == (
        "subscribed to “News” and (City is “Омск” or clicked in “Spring”) and not: opened any"
        " message in the last 90 days and anniversary of birthday in 3 days and age between 18 and"
        " 30.5 and vip is yes"
    )


def test_a_sentence_names_what_was_deleted_since(owner: User) -> None:
    tag = TagFactory.create(owner=owner, name="vip")
    kept = checked(tree({"field": "tag", "op": "any_of", "value": [tag.pk]}), owner)
    assert sentence(kept, owner) == "tag is one of “vip”"
    number = tag.pk
    tag.delete()
    assert sentence(kept, owner) == f"tag is one of deleted (id:{number})"


def test_a_sample_of_many_is_near_the_truth(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    people(owner, 600)
    node = tree({"field": "attribute", "name": "age", "op": "known"})
    exact = estimate(node, ground(owner))
    assert exact.exact
    monkeypatch.setattr("apps.mailings.segments.answers.COUNTED_AT_ONCE", 100)
    monkeypatch.setattr("apps.mailings.segments.answers._IN_WINDOW", 20)
    about = estimate(node, ground(owner))
    assert not about.exact
    assert abs(about.n - exact.n) < 0.2 * 600
