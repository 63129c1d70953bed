"""What the reactions to one letter make of each other, in whatever order they come in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as some

from apps.feedback.engagement.apple_relays import NO_RELAYS
from apps.feedback.engagement.judging import judge
from apps.feedback.engagement.reaction import Judged, Reaction
from tests.feedback.engagement.test_rules import NOW, reaction

ACCEPTED = NOW - timedelta(hours=1)


def judged(reactions: list[Reaction]) -> list[Judged]:
    """What is kept of them in the end."""
    kept: list[Judged] = []
    for one in reactions:
        found = judge(one, kept, ACCEPTED, relays=NO_RELAYS)
        for place, term, rule in found.reclassed:
            kept[place] = replace(kept[place], term=term, rule=rule)
        kept.append(Judged(one.kind, one.at, one.number, found.term, found.rule))
    return kept


def after(seconds: float, number: int = -1) -> Reaction:
    at = NOW + timedelta(seconds=seconds)
    return reaction("open" if number < 0 else "click", number=number, at=at)


def rules(*reactions: Reaction) -> list[str]:
    return [one.rule for one in judged(list(reactions))]


def test_the_hidden_link_makes_a_machine_of_everything_within_a_minute() -> None:
    assert rules(after(-61), after(-60, 1), after(0, 0), after(60), after(61, 2)) == [
        *("opened", "near_trap", "trap", "near_trap", "clicked")
    ]


def test_three_links_within_two_seconds_are_a_machines() -> None:
    assert rules(after(0, 1), after(1, 2), after(2, 3)) == ["many_links"] * 3
    assert rules(after(0, 1), after(1, 2), after(2.1, 3)) == ["clicked"] * 3


def test_two_links_or_one_pressed_often_are_a_persons() -> None:
    assert rules(after(0, 1), after(0.2, 1), after(0.4, 2), after(0.5, 1)) == ["clicked"] * 4


def test_links_that_nobody_knows_are_not_counted_as_different_ones() -> None:
    unknown = [replace(after(0, 1), number=-1) for _ in range(3)]
    assert rules(*unknown) == ["clicked"] * 3


def test_what_is_a_machines_on_its_own_keeps_its_rule() -> None:
    head = replace(after(1, 1), method="HEAD")
    assert rules(head, after(0, 0)) == ["head", "trap"]


def test_the_hidden_link_outranks_the_number_of_links() -> None:
    links = [after(0, 1), after(1, 2), after(2, 3)]
    assert rules(*links, after(3, 0)) == ["near_trap"] * 3 + ["trap"]
    assert rules(after(3, 0), *links) == ["trap"] + ["near_trap"] * 3


def test_only_what_changes_is_named() -> None:
    kept = judged([after(-300), after(-1, 1), after(0, 0)])
    found = judge(after(2, 0), kept, ACCEPTED, relays=NO_RELAYS)
    assert (found.rule, found.reclassed) == ("trap", ())


some_reactions = some.lists(
    some.builds(
        lambda tenths, number, method: replace(after(tenths / 10, number), method=method),
        some.integers(-700, 700) | some.integers(0, 40),
        some.integers(-1, 4),
        some.sampled_from(["GET", "GET", "GET", "HEAD"]),
    ),
    max_size=10,
)


@given(
    some_reactions.flatmap(lambda found: some.tuples(some.just(found), some.permutations(found)))
)
def test_the_order_in_which_they_come_in_changes_nothing(
    both: tuple[list[Reaction], list[Reaction]],
) -> None:
    one, other = (
        sorted((row.at, row.kind, row.number, row.term, row.rule) for row in judged(list(found)))
        for found in both
    )
    assert one == other
