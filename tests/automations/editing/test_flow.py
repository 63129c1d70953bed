"""A flat list of steps and the branches that people see are the same thing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.automations.definition.flow import FlowUnreadable, Node, flat_of, raw_steps, tree_of
from apps.automations.definition.outline import BranchInUse, Outline

Raw = dict[str, Any]


def send(key: str, **more: Any) -> Raw:
    return {"key": key, "kind": "send", "message": 1, **more}


def condition(key: str, **more: Any) -> Raw:
    return {"key": key, "kind": "condition", "did": "opened", "letter": "a", **more}


def drawn(nodes: list[Node]) -> list[Any]:
    """The keys, with lists for the branches and ``>`` before a jump."""
    found: list[Any] = []
    for node in nodes:
        found.append(node.key)
        for branch in node.branches:
            jump = [] if branch.jump is None else [f">{branch.jump}"]
            found.append([branch.name, *jump, *drawn(branch.nodes)])
        if node.jump is not None:
            found.append(f">{node.jump}")
    return found


IF_NOT_OPENED_AGAIN_ELSE_TAG = [
    send("a"),
    condition("b", otherwise="d"),
    send("c", next="e"),
    send("d"),
    send("e"),
]


def test_both_branches_of_a_condition_end_where_they_join() -> None:
    nodes = tree_of(IF_NOT_OPENED_AGAIN_ELSE_TAG)
    assert drawn(nodes) == ["a", "b", ["next", "c"], ["otherwise", "d"], "e"]
    assert flat_of(nodes) == IF_NOT_OPENED_AGAIN_ELSE_TAG


@pytest.mark.parametrize(
    ("steps", "picture"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([send("a"), send("b")], ["a", "b"], id="one after another"),
        pytest.param(
            [condition("a", next=""), send("b")],
            ["a", ["next"], ["otherwise", "b"]],
            id="one who did it is through",
        ),
        pytest.param(
            [condition("a", otherwise="c"), {"key": "b", "kind": "exit"}, send("c")],
            ["a", ["next", "b"], ["otherwise"], "c"],
            id="a branch that ends with an exit",
        ),
        pytest.param(
            [send("a"), condition("b", otherwise="a"), send("c")],
            ["a", "b", ["next"], ["otherwise", ">a"], "c"],
            id="a loop",
        ),
        pytest.param(
            [send("a", next="c"), send("b"), send("c")], ["a", ">c", "b", "c"], id="a jump"
        ),
        pytest.param(
            [condition("a", otherwise="b"), condition("b", otherwise="d"), send("c"), send("d")],
            ["a", ["next"], ["otherwise"], "b", ["next", "c"], ["otherwise"], "d"],
            id="a condition that decides nothing",
        ),
    ],
)
def test_what_is_drawn_goes_back_to_what_it_was(steps: list[Raw], picture: list[Any]) -> None:
    nodes = tree_of(steps)
    assert drawn(nodes) == picture
    assert aims(flat_of(nodes)) == aims(steps)


def aims(steps: list[Raw]) -> dict[str, Any]:
    """Where each step goes on, whether it is written down or just below."""
    keys = ([one["key"] for one in steps[1:]] + [""])[: len(steps)]
    found: dict[str, Any] = {}
    for one, below in zip(steps, keys, strict=True):
        if one["kind"] == "split":
            found[one["key"]] = [share.get("next", below) for share in one["shares"]]
        elif one["kind"] == "condition":
            found[one["key"]] = [one.get("next", below), one.get("otherwise", below)]
        elif one["kind"] != "exit":
            found[one["key"]] = [one.get("next", below)]
    return found


@st.composite
def any_steps(draw: st.DrawFn) -> list[Raw]:
    """Steps that go on anywhere, as a program may write them."""
    keys = [f"k{number}" for number in range(draw(st.integers(1, 9)))]
    targets = st.sampled_from([*keys, "", None])

    def targets_of() -> Raw:
        found = {"next": draw(targets), "otherwise": draw(targets)}
        return {name: to for name, to in found.items() if to is not None}

    steps = []
    for key in keys:
        kind = draw(st.sampled_from(["send", "condition", "exit", "split"]))
        if kind == "condition":
            steps.append(condition(key, **targets_of()))
        elif kind == "send":
            only = {name: to for name, to in targets_of().items() if name == "next"}
            steps.append(send(key, **only))
        elif kind == "split":
            shares = []
            for _number in range(draw(st.integers(2, 4))):
                only = {name: to for name, to in targets_of().items() if name == "next"}
                shares.append({"share": 25, **only})
            steps.append({"key": key, "kind": "split", "shares": shares})
        else:
            steps.append({"key": key, "kind": "exit"})
    return steps


@given(any_steps())
def test_whatever_a_program_has_written_keeps_its_meaning(steps: list[Raw]) -> None:
    flat = flat_of(tree_of(steps))
    assert aims(flat) == aims(steps)
    assert [one["key"] for one in flat] == [one["key"] for one in steps]


@given(any_steps(), st.data())
def test_whatever_a_button_does_leaves_steps_that_can_be_read(
    steps: list[Raw], data: st.DataObject
) -> None:
    outline = Outline({"steps": steps})
    for _press in range(6):
        keys = [node.key for node in outline]
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        act = data.draw(st.sampled_from(["up", "down", "duplicate", "delete", "add"]))
        if act == "add":
            outline.add(data.draw(st.sampled_from(["send", "condition", "exit"])), f"after:{key}")
        else:
            getattr(outline, act)(key)
        flat = outline.steps()
        assert len({one["key"] for one in flat}) == len(flat) == len(list(outline))
        known = {one["key"] for one in flat} | {""}
        written = {to for one in aims(flat).values() for to in one}
        assert act == "delete" or written <= known | {
            to for one in aims(steps).values() for to in one
        }
        assert aims(flat_of(tree_of(flat))) == aims(flat)


@pytest.mark.parametrize(
    "draft",
    [
        {"steps": "none"},
        {"steps": [{"key": "a", "kind": "dance"}]},
        {"steps": [{"kind": "send"}]},
        {"steps": [send("a"), send("a")]},
    ],
)
def test_what_is_no_list_of_steps_is_said_to_be_none(draft: Raw) -> None:
    with pytest.raises(FlowUnreadable) as caught:
        raw_steps(draft)
    assert caught.value.code == "automation_unreadable"


def outline() -> Outline:
    return Outline({"steps": IF_NOT_OPENED_AGAIN_ELSE_TAG})


def picture(made: Outline) -> list[Any]:
    return drawn(tree_of(made.steps()))


def test_a_step_is_added_at_the_top_behind_another_and_into_a_branch() -> None:
    made = outline()
    made.add("wait", "start")
    made.add("act", "after:c")
    made.add("exit", "in:b:otherwise")
    assert picture(made) == [
        "wait-1", "a", "b", ["next", "c", "act-1"], ["otherwise", "exit-1", "d"], "e",
    ]  # fmt: skip
    assert made.add("dance", "start") is None
    assert made.add("send", "after:nobody") is None
    assert made.add("send", "elsewhere") is None


def test_a_step_moves_into_branches_and_out_again() -> None:
    made = outline()
    for expected in (
        ["a", "b", ["next", "c"], ["otherwise", "d", "e"]],
        ["a", "b", ["next", "c"], ["otherwise", "e", "d"]],
        ["a", "b", ["next", "c", "e"], ["otherwise", "d"]],
        ["a", "b", ["next", "e", "c"], ["otherwise", "d"]],
        ["a", "e", "b", ["next", "c"], ["otherwise", "d"]],
        ["e", "a", "b", ["next", "c"], ["otherwise", "d"]],
    ):
        assert made.up("e")
        assert picture(made) == expected
    assert not made.up("e")
    for _step in range(6):
        assert made.down("e")
    assert picture(made) == drawn(tree_of(IF_NOT_OPENED_AGAIN_ELSE_TAG))
    assert not made.down("e") and not made.down("nobody")


def test_a_copy_of_a_condition_is_about_the_copies_of_its_letters() -> None:
    made = Outline(
        {
            "steps": [
                condition("c", letter="x", otherwise="y"),
                send("x", next=""),
                condition("y", letter="x"),
            ]
        }
    )
    copy = made.duplicate("c")
    assert copy is not None
    inner = [node.step for node in copy.all()]
    assert [one["key"] for one in inner] == ["condition-1", "letter-1", "condition-2"]
    assert inner[0]["letter"] == inner[2]["letter"] == "letter-1"
    assert made.duplicate("nobody") is None


def test_who_jumped_to_a_deleted_step_just_goes_on() -> None:
    made = Outline({"steps": [send("a", next="c"), send("b"), send("c")]})
    assert made.delete("c") and not made.delete("c")
    assert picture(made) == ["a", "b"]


def test_a_branch_with_steps_is_not_lost_by_a_form() -> None:
    made = Outline(
        {
            "steps": [
                {
                    "key": "s",
                    "kind": "split",
                    "shares": [{"share": 50}, {"share": 50, "next": "x"}],
                },
                send("y", next=""),
                send("x"),
            ]
        }
    )
    node = made.find("s")
    assert node is not None
    with pytest.raises(BranchInUse):
        made.change(node, {"key": "s", "kind": "split", "shares": [{"share": 100}]})
    made.change(node, {"key": "s", "kind": "split", "shares": [{"share": 30}] * 3})
    assert [branch.name for branch in node.branches] == ["1", "2", "3"]
