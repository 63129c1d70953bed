"""The moments of a time of the day in all zones of the world, between two looks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given
from hypothesis import strategies as st

from apps.automations.local_times import moment_of
from apps.automations.triggers.dates import may_have_come

ZONES = sorted(available_timezones() - {"localtime"})


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
    st.integers(0, 2 * 86_400),
    st.times(),
)
def test_no_zone_is_passed_over(name: str, last: datetime, seconds: int, at: time) -> None:
    zone, after, at = ZoneInfo(name), last.replace(tzinfo=UTC), at.replace(microsecond=0)
    upto = after + timedelta(seconds=seconds)
    day = after.astimezone(zone).date()
    moments = [moment_of(day + timedelta(days=number), at, zone) for number in range(-1, 4)]
    if any(after < moment <= upto for moment in moments):
        assert may_have_come(at, after, upto)


def test_between_the_quarters_of_an_hour_no_zone_is_asked_for() -> None:
    noon = datetime(2027, 5, 2, 12, 0, tzinfo=UTC)
    soon, quarter = noon + timedelta(seconds=5), noon + timedelta(minutes=15)
    assert not may_have_come(time(9), noon, soon)
    assert may_have_come(time(9), soon, quarter)
    assert may_have_come(time(9), noon - timedelta(seconds=1), noon)
