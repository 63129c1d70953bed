"""Wait: local times in every zone, dates, and things that may happen."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.automations.local_times import date_in, days_alike, moment_of, next_moment
from apps.automations.services.events import report_event
from apps.mailings.models import Engagement, RecipientTag
from tests.automations.stage import Stage, leaving, letter, staged, waiting
from tests.factories import TagFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

WINTER = datetime(2026, 1, 12, 5, 0, tzinfo=UTC)  # a Monday


def at(stage: Stage, moment: datetime) -> None:
    stage.now = moment
    stage.turn()


def test_until_a_time_of_the_recipients_day() -> None:
    stage = staged(waiting(at="10:00"))
    stage.now = WINTER
    moscow = stage.person(time_zone="Europe/Moscow")
    omsk = stage.person(time_zone="Asia/Omsk")
    nowhere = stage.person(time_zone="")
    stage.enrol(moscow, omsk, nowhere)
    stage.turn()
    assert stage.of(omsk).due_at == WINTER + timedelta(hours=23)  # it is eleven there
    assert stage.of(moscow).due_at == WINTER + timedelta(hours=2)
    at(stage, WINTER + timedelta(hours=2))
    assert stage.at(moscow) == "finished "
    assert stage.at(omsk) == "wait"


def test_only_on_these_weekdays() -> None:
    stage = staged(waiting(at="10:00", weekdays=[4]))
    stage.now = WINTER
    (one,) = stage.enrolled()
    stage.turn()
    assert stage.of(one).due_at == datetime(2026, 1, 16, 7, 0, tzinfo=UTC)


def test_a_moment_that_was_missed_for_long_waits_for_the_next_day() -> None:
    stage = staged(waiting(at="10:00"))
    stage.now = WINTER
    (one,) = stage.enrolled()
    stage.turn()
    at(stage, WINTER + timedelta(hours=20))
    assert stage.of(one).due_at == WINTER + timedelta(hours=26)
    at(stage, WINTER + timedelta(hours=26, minutes=5))
    assert stage.at(one) == "finished "


def test_until_days_from_a_date_of_the_person() -> None:
    stage = staged(waiting(field="visit", days=-1, at="12:00"))
    stage.now = WINTER
    soon = stage.person(attributes={"visit": "2026-01-20"})
    past = stage.person(attributes={"visit": "2025-01-20"})
    none = stage.person()
    stage.enrol(soon, past, none)
    stage.turn()
    assert stage.of(soon).due_at == datetime(2026, 1, 19, 9, 0, tzinfo=UTC)
    assert stage.at(past) == "finished "
    assert stage.at(none) == "failed no_date"
    at(stage, datetime(2026, 1, 19, 23, 0, tzinfo=UTC))
    assert stage.of(soon).due_at == datetime(2026, 1, 20, 9, 0, tzinfo=UTC)
    at(stage, datetime(2026, 1, 20, 9, 0, tzinfo=UTC))
    assert stage.at(soon) == "finished "


def test_a_date_without_a_time_begins_at_midnight() -> None:
    stage = staged(waiting(field="visit"))
    stage.now = WINTER
    one = stage.person(attributes={"visit": "2026-01-20"})
    stage.enrol(one)
    stage.turn()
    at(stage, datetime(2026, 1, 20, 20, 0, tzinfo=UTC))
    assert stage.at(one) == "finished "


def until(what: dict[str, Any], **more: Any) -> dict[str, Any]:
    return waiting(until=what, seconds=7200, otherwise="late", **more)


def test_until_an_event_or_for_so_long() -> None:
    stage = staged(until({"event": "paid"}), leaving("early"), leaving("late"))
    first, second = stage.enrolled(2)
    stage.turn()
    assert stage.at(first) == "wait"
    stage.now += timedelta(seconds=1)
    report_event(recipient=first, name="paid", now=stage.now)
    stage.turn()
    assert stage.paths(first) == ["wait:next", "early:end"]
    stage.turn(hours=1)
    assert stage.at(second) == "wait"
    stage.turn(hours=1)
    assert stage.paths(second) == ["wait:otherwise", "late:end"]


def test_until_a_tag_that_may_be_there_already() -> None:
    owner = UserFactory.create()
    tag = TagFactory.create(owner=owner)
    stage = staged(until({"tag": tag.pk}), leaving("early"), leaving("late"), owner=owner)
    has, gets = stage.persons(2)
    RecipientTag.objects.create(recipient=has, tag=tag)
    stage.enrol(has, gets)
    stage.turn()
    assert stage.paths(has) == ["wait:next", "early:end"]
    RecipientTag.objects.create(recipient=gets, tag=tag)
    stage.turn(minutes=20)
    assert stage.paths(gets) == ["wait:next", "early:end"]


@pytest.mark.parametrize("did", ["opened", "clicked"])
def test_until_a_letter_is_opened_or_clicked(did: str) -> None:
    owner = UserFactory.create()
    steps = [until({"did": did, "letter": "letter"}), leaving("early"), leaving("late")]
    stage = staged(letter(owner), *steps, owner=owner)
    reader, silent = stage.enrolled(2)
    stage.turn()
    assert stage.at(reader) == "wait"
    found = next(one for one in stage.letters() if one.recipient_id == reader.pk)
    moments = {f"{did}_at": stage.now}
    Engagement.objects.create(run_id=found.run_id, recipient=reader, **moments)
    stage.turn(minutes=20)
    assert stage.paths(reader)[-1] == "early:end"
    assert stage.at(silent) == "wait"


ZONES = sorted(zone for zone in available_timezones() if "/" in zone)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))
TIMES = st.times().map(lambda one: one.replace(second=0, microsecond=0))
DAYS = st.sets(st.integers(0, 6), min_size=1)


@given(MOMENTS, st.sampled_from(ZONES), TIMES, DAYS)
def test_the_next_moment_is_within_a_week_and_shows_the_time(
    now: datetime, name: str, at: time, days: set[int]
) -> None:
    zone = ZoneInfo(name)
    found = next_moment(now, zone, at, days)
    # A day that a zone has left out, and an hour that it has leapt over, may be waited for.
    assert now <= found <= now + timedelta(days=9)
    local = found.astimezone(zone)
    leapt = local.replace(tzinfo=None) - datetime.combine(local.date(), at)
    assert local.time() == at or timedelta(0) < abs(leapt) <= timedelta(hours=24)


def test_where_the_clocks_leap_the_moment_comes_just_after_and_of_two_the_first() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    spring = moment_of(date(2026, 3, 29), time(2, 30), berlin)
    assert spring == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    autumn = moment_of(date(2026, 10, 25), time(2, 30), berlin)
    assert autumn == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_birthdays_of_leap_years_are_on_the_28th_of_others() -> None:
    assert days_alike(date(2027, 2, 28)) == ["-02-28", "-02-29"]
    assert days_alike(date(2028, 2, 28)) == ["-02-28"]
    assert days_alike(date(2100, 2, 28)) == ["-02-28", "-02-29"]
    assert days_alike(date(2028, 2, 29)) == ["-02-29"]


def test_a_date_is_read_as_custom_fields_are() -> None:
    assert date_in({"day": "01.02.2026"}, "day") == date(2026, 2, 1)
    assert date_in({"day": "soon"}, "day") is None
    assert date_in({"day": 5}, "day") is None
    assert date_in({}, "day") is None
