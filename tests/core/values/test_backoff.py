"""Waits grow, are spread, and have an end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.api.webhooks.dispatcher import BACKOFF as WEBHOOKS
from apps.core.values.backoff import Backoff
from apps.delivery.scheduling.supervisor import BACKOFF as SUPERVISOR
from apps.feedback.management.polling import BACKOFF as POLLING


@pytest.mark.parametrize("backoff", [WEBHOOKS, SUPERVISOR, POLLING])
@given(failures=st.integers(0, 100_000), chance=st.floats(0, 1))
def test_a_wait_never_shrinks_nor_exceeds_the_longest(
    backoff: Backoff, failures: int, chance: float
) -> None:
    wait = backoff.after(failures, chance=chance)
    assert timedelta(seconds=backoff.first * backoff.spread[0]) <= wait
    assert wait <= timedelta(seconds=backoff.longest)
    assert wait <= backoff.after(failures + 1, chance=chance)


def test_the_supervisor_waits_a_second_then_two_up_to_a_minute() -> None:
    waits = [SUPERVISOR.after(number).total_seconds() for number in range(1, 9)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_chance_decides_between_the_ends_of_the_spread() -> None:
    backoff = Backoff(first=10, longest=100, factor=4, spread=(0.5, 1.5))
    assert [backoff.after(2, chance=part).total_seconds() for part in (0, 0.5, 1)] == [20, 40, 60]
    assert backoff.after(3, chance=1) == timedelta(seconds=100)
