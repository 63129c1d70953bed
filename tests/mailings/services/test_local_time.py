"""At ten in the morning for everybody: from the easternmost zone of the audience to the last."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from apps.mailings.services.local_time import day_of, later_days, openings, plan_for

ZONES = ["Asia/Vladivostok", "Europe/Moscow", "Europe/Kaliningrad"]
DAY = date(2026, 11, 30)
TEN = time(10)
BEFORE = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def at(hour: int, minute: int = 0, *, day: int = 30) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def test_it_begins_in_the_east_and_ends_after_the_west() -> None:
    plan = plan_for(ZONES, day=DAY, hour=TEN, now=BEFORE)
    assert (plan.starts_at, plan.ends_at) == (at(0), at(11))  # 10:00 +10, 13:00 +02
    assert (plan.opens, plan.closes, plan.late) == (TEN, time(13), ())


def test_a_zone_whose_hour_is_over_gets_it_a_day_later() -> None:
    plan = plan_for(ZONES, day=DAY, hour=TEN, now=at(7, 30))  # 10:30 in Moscow
    assert plan.late == ("Asia/Vladivostok",)
    assert plan.starts_at == at(7, 31)
    assert plan.ends_at == datetime(2026, 12, 1, 3, tzinfo=UTC)


def test_an_audience_without_a_zone_has_the_owners(settings: object) -> None:
    plan = plan_for([], day=DAY, hour=TEN, now=BEFORE)
    assert plan.ends_at - plan.starts_at == timedelta(hours=3)


@pytest.mark.parametrize("zones", [ZONES, ZONES[:1], ["America/New_York", "Asia/Kolkata"]])
@pytest.mark.parametrize("hour", [time(10), time(23, 30)])
def test_the_day_can_be_read_from_what_was_stored(zones: list[str], hour: time) -> None:
    plan = plan_for(zones, day=DAY, hour=hour, now=BEFORE)
    assert day_of(plan.starts_at, plan.ends_at, plan.opens, plan.closes) == DAY


def test_other_hours_were_not_made_so() -> None:
    assert day_of(at(0), at(11), TEN, time(18)) is None
    assert day_of(at(0), at(1), TEN, time(13)) is None


def test_each_zone_has_its_opening_and_who_comes_too_late_has_none() -> None:
    zones = {"Europe/Moscow": 5, "Asia/Vladivostok": 2, "America/New_York": 1}
    found = openings(zones, opens=TEN, closes=time(13), starts_at=at(0), ends_at=at(11))
    assert [(one.zone, one.count, one.at) for one in found] == [
        ("Asia/Vladivostok", 2, at(0)),
        ("Europe/Moscow", 5, at(7)),
        ("America/New_York", 1, None),
    ]


def test_who_gets_it_a_day_after_the_others_is_named() -> None:
    zones = {"Europe/Moscow": 5, "Asia/Vladivostok": 2}
    ends = at(3) + timedelta(days=1)
    found = openings(zones, opens=TEN, closes=time(13), starts_at=at(7, 31), ends_at=ends)
    assert [one.zone for one in later_days(found)] == ["Asia/Vladivostok"]
    assert later_days([]) == []
