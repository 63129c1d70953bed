"""A winner needs enough events that speak for it; of equals hardly any wins."""

from __future__ import annotations

import random

import pytest

from apps.core.values.decisions import LEAST_EVENTS, SURE_OF_TWO, Seen, judge
from apps.core.values.posterior import posteriors


def draws(rng: random.Random, count: int, rate: float) -> int:
    """How many of so many do it."""
    return sum(rng.random() < rate for _one in range(count))


@pytest.mark.parametrize("variants", [2, 3])
def test_where_nothing_differs_at_most_one_of_twenty_has_a_winner(variants: int) -> None:
    rng = random.Random(14)
    won = 0
    for _test in range(1000):
        seen = [Seen(500, draws(rng, 500, 0.1)) for _one in range(variants)]
        won += judge(seen).winner is not None
    assert won <= 50


def test_where_one_is_better_it_wins_nearly_always() -> None:
    rng = random.Random(8)
    winners = [
        judge([Seen(2000, draws(rng, 2000, 0.05)), Seen(2000, draws(rng, 2000, 0.08))]).winner
        for _test in range(50)
    ]
    assert winners.count(2) >= 45
    assert 1 not in winners


def test_few_events_decide_nothing_however_they_lie() -> None:
    judgement = judge([Seen(1000, LEAST_EVENTS - 1), Seen(1000, 300)])
    assert (judgement.winner, judgement.leader) == (None, 2)
    assert judgement.variants[1].best > SURE_OF_TWO


def test_nothing_sent_says_nothing() -> None:
    judgement = judge([Seen(0, 0), Seen(0, 0)])
    assert judgement.winner is None
    assert [round(one.best, 3) for one in judgement.variants] == [0.5, 0.5]


def test_the_probabilities_of_being_the_best_add_up_and_the_interval_holds_the_share() -> None:
    found = posteriors([(50, 1000), (70, 1000), (60, 1000)])
    assert sum(one.best for one in found) == pytest.approx(1)
    assert [one.low < share < one.high for one, share in zip(found, (0.05, 0.07, 0.06))] == [
        True
    ] * 3


def test_of_two_it_is_what_the_normal_distribution_says() -> None:
    # A difference of 0.02 with a standard deviation of 0.01055: 1.896 of them.
    assert posteriors([(50, 1000), (70, 1000)])[1].best == pytest.approx(0.970, abs=0.002)


def test_very_many_and_very_few_can_be_compared() -> None:
    found = posteriors([(100_000, 1_000_000), (3, 10)])
    assert found[1].best == pytest.approx(0.98, abs=0.01)
