"""Opening hours hold in every zone, over midnight, on the days when clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.core.values.opening_hours import OpeningHours

ZONES = sorted(available_timezones() - {"localtime", "Factory"})
MINUTE = timedelta(minutes=1)

walls = st.times(min_value=time(0), max_value=time(23, 59)).map(
    lambda t: t.replace(second=0, microsecond=0)
)
moments = st.datetimes(
    min_value=datetime(2007, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC)
).map(lambda t: t.replace(second=0, microsecond=0))


def hours(zone: str, opens: str, closes: str, **rest: Any) -> OpeningHours:
    return OpeningHours(
        ZoneInfo(zone), time.fromisoformat(opens), time.fromisoformat(closes), **rest
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@settings(max_examples=400)
@given(st.sampled_from(ZONES), walls, walls, moments)
@example("Europe/Amsterdam", time(0), time(3, 1), datetime(2008, 3, 28, 2, 1, tzinfo=UTC))
def test_the_next_opening_is_open_and_nothing_before_it_is(
    zone: str, opens: time, closes: time, now: datetime
) -> None:
    shop = OpeningHours(ZoneInfo(zone), opens, closes)

    found = shop.next_opening(now)

    assert found is not None and found >= now and shop.is_open(found)
    assert found - now <= timedelta(days=3)
    step = max((found - now) // 200, timedelta(seconds=1))
    assert not any(shop.is_open(now + n * step) for n in range(int((found - now) / step)))


@settings(max_examples=400)
@given(st.sampled_from(ZONES), walls, walls, moments)
def test_from_an_opening_to_its_closing_it_is_open_all_the_time(
    zone: str, opens: time, closes: time, now: datetime
) -> None:
    shop = OpeningHours(ZoneInfo(zone), opens, closes)
    start = shop.next_opening(now)
    assert start is not None

    end = shop.next_closing(start)

    if opens == closes:
        assert end is None
        return
    assert end is not None and not shop.is_open(end)
    length = end - start
    assert length <= timedelta(hours=48)
    assert all(shop.is_open(start + length * n / 100) for n in range(100))
    local = start.astimezone(ZoneInfo(zone)).time()
    inside = opens <= local < closes if opens < closes else local >= opens or local < closes
    assert inside


@pytest.mark.parametrize(
    ("zone", "opens", "closes", "now", "expected"),
    [
        # The hour does not exist that night: the next day has it.
        ("America/New_York", "02:10", "02:50", "2026-03-08T01:00-05:00", "2026-03-09T02:10-04:00"),
        # It begins inside the gap: it opens when the clock has jumped.
        ("Europe/Berlin", "02:30", "05:00", "2026-03-29T01:00+01:00", "2026-03-29T03:00+02:00"),
        (
            "Australia/Lord_Howe",
            "02:15",
            "03:00",
            "2026-10-04T01:00+10:30",
            "2026-10-04T02:30+11:00",
        ),
        # A day that was left out.
        ("Pacific/Apia", "09:00", "18:00", "2011-12-29T20:00-10:00", "2011-12-31T09:00+14:00"),
        ("Europe/Moscow", "22:00", "02:00", "2026-11-20T12:00+03:00", "2026-11-20T22:00+03:00"),
        ("Europe/Moscow", "22:00", "02:00", "2026-11-20T01:00+03:00", "2026-11-20T01:00+03:00"),
        ("Asia/Kolkata", "09:00", "18:00", "2026-11-20T18:00+05:30", "2026-11-21T09:00+05:30"),
    ],
)
def test_days_on_which_clocks_change(
    zone: str, opens: str, closes: str, now: str, expected: str
) -> None:
    assert hours(zone, opens, closes).next_opening(at(now)) == at(expected)


def test_an_hour_that_comes_twice_is_open_twice() -> None:
    night = hours("Europe/Berlin", "02:00", "03:00")

    closing = night.next_closing(at("2026-10-25T02:30+02:00"))

    assert closing == at("2026-10-25T03:00+01:00")


def test_weekends_and_days_off_are_passed_over() -> None:
    office = hours(
        "Europe/Moscow",
        "09:00",
        "18:00",
        weekdays=frozenset(range(5)),
        days_off={date(2026, 11, 23)},
    )

    assert office.next_opening(at("2026-11-20T18:00+03:00")) == at("2026-11-24T09:00+03:00")
    assert office.next_closing(at("2026-11-20T17:59+03:00")) == at("2026-11-20T18:00+03:00")


def test_a_night_shift_belongs_to_the_day_on_which_it_opened() -> None:
    friday = hours("Europe/Moscow", "22:00", "02:00", weekdays=frozenset({4}))

    assert friday.is_open(at("2026-11-21T01:00+03:00"))
    assert not friday.is_open(at("2026-11-20T01:00+03:00"))


def test_what_never_opens_says_so() -> None:
    assert (
        hours("UTC", "09:00", "10:00", weekdays=frozenset()).next_opening(
            at("2026-11-20T00:00+00:00")
        )
        is None
    )
