"""The forecast of a run's end is what limits, hours and the rate come to."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.values.opening_hours import OpeningHours
from apps.delivery.selectors.forecast import SendRate, simulate

NOON = datetime(2030, 5, 15, 9, 0, tzinfo=UTC)
FAR = NOON + timedelta(days=365)
OFFICE = OpeningHours(ZoneInfo("Europe/Moscow"), time(9), time(18), frozenset(range(5)))


def done(count: int, pace: SendRate, ends_at: datetime = FAR) -> timedelta | None:
    found = simulate(count, pace, now=NOON, ends_at=ends_at)
    return found.done_at - NOON if found.done_at else None


def test_without_rules_it_is_the_rate() -> None:
    assert done(6000, SendRate(rate=100)) == timedelta(minutes=1)


def test_short_limits_slow_it_down() -> None:
    assert done(600, SendRate(rate=1000, limits={"second": 10})) == timedelta(minutes=1)
    assert done(600, SendRate(rate=1000, limits={"minute": 60})) == timedelta(minutes=10)


def test_a_limit_per_hour_counts_what_is_used_already() -> None:
    pace = SendRate(rate=1000, limits={"hour": 100}, used={"hour": 40})

    found = done(260, pace)

    assert found is not None and found == timedelta(hours=2, seconds=0.1)


def test_a_run_goes_home_in_the_evening_and_pauses_on_weekends() -> None:
    hours = SendRate(rate=1, hours=OFFICE)

    found = simulate(6 * 3600 + 9 * 3600 * 2 + 60, hours, now=NOON, ends_at=FAR)

    assert found.done_at == datetime(2030, 5, 20, 6, 1, tzinfo=UTC)  # Monday, 9:01


def test_who_does_not_get_out_before_the_end_is_counted() -> None:
    pace = SendRate(rate=1000, limits={"hour": 100})

    found = simulate(1000, pace, now=NOON, ends_at=NOON + timedelta(hours=3))

    assert (found.done_at, found.left) == (None, 700)


@pytest.mark.parametrize("limits", [{}, {"hour": 50}, {"day": 500, "hour": 100}])
@settings(max_examples=60)
@given(count=st.integers(1, 5000), rate=st.floats(0.01, 5000))
def test_everybody_is_either_out_or_left(count: int, rate: float, limits: dict[str, int]) -> None:
    found = simulate(count, SendRate(rate, limits), now=NOON, ends_at=NOON + timedelta(days=2))

    assert (found.done_at is None) == (found.left > 0)
    assert 0 <= found.left <= count
    if found.done_at is not None:
        assert NOON <= found.done_at <= NOON + timedelta(days=2)
        assert (found.done_at - NOON).total_seconds() >= count / rate - 1
