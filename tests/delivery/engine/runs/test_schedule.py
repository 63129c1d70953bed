"""What starts on its own: only what is scheduled, and only in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import LazySettings
from django.core.exceptions import ValidationError

from apps.core.errors import Refused
from apps.delivery.engine.runs.launch import AlreadyDone
from apps.delivery.engine.runs.schedule import StartPassed, WaitsAlready
from apps.delivery.service import DispatchService
from apps.mailings.models import Mailing, Run
from apps.mailings.recurrence import coming, missed, rule_text, rule_words
from apps.mailings.services.mailings import MailingService, duplicate_mailing
from tests.delivery.engine.conftest import Declare, ShiftedClock
from tests.factories import MailingFactory, UserFactory, mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

START = datetime(2030, 5, 13, 9, tzinfo=UTC)


def once(**fields: Any) -> Mailing:
    return mailing_to(1, **{"starts_at": START, "ends_at": START + timedelta(days=7), **fields})


def tick() -> int:
    return len(DispatchService().dispatch_due())


def test_a_mailing_of_yesterday_asks_after_an_outage(clock: ShiftedClock, declare: Declare) -> None:
    mailing = once()
    clock.go_to(START + timedelta(days=1))
    assert tick() == 0 and missed(mailing, clock.now())
    DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    assert Run.objects.count() == 1


def test_a_short_outage_is_no_outage(clock: ShiftedClock, declare: Declare) -> None:
    once()
    clock.go_to(START + timedelta(minutes=2))
    assert tick() == 1


def test_what_is_scheduled_after_its_start_is_meant_so(
    clock: ShiftedClock, declare: Declare
) -> None:
    """A program that names a start of this morning wants it sent."""
    clock.go_to(START + timedelta(hours=5))
    once(scheduled_at=clock.now())
    assert tick() == 1


def test_a_copy_and_what_comes_out_of_the_archive_do_not_start_on_their_own(
    clock: ShiftedClock, declare: Declare
) -> None:
    mailing = once(archived_at=START)
    MailingService(mailing.owner).restore(mailing)
    copy = duplicate_mailing(mailing=mailing, now=clock.now())
    for draft in (mailing, copy):
        draft.refresh_from_db()
        assert draft.is_draft
    clock.go_to(max(copy.starts_at, START) + timedelta(seconds=1))
    assert tick() == 0
    assert DispatchService().next_wakeup() is None


def test_a_scheduled_mailing_is_held_and_scheduled_again(
    clock: ShiftedClock, declare: Declare
) -> None:
    mailing = once()
    clock.go_to(START - timedelta(hours=1))
    service = DispatchService()
    service.pause(mailing_id=mailing.pk)
    with pytest.raises(WaitsAlready):
        service.pause(mailing_id=mailing.pk)
    clock.go_to(START - timedelta(minutes=1))
    service.resume(mailing_id=mailing.pk)
    with pytest.raises(WaitsAlready):
        service.resume(mailing_id=mailing.pk)
    clock.go_to(START + timedelta(seconds=1))
    assert tick() == 1


def test_a_draft_whose_start_has_passed_is_not_scheduled(
    clock: ShiftedClock, declare: Declare
) -> None:
    mailing = once(scheduled_at=None)
    clock.go_to(START + timedelta(hours=1))
    with pytest.raises(StartPassed):
        DispatchService().resume(mailing_id=mailing.pk)
    DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    assert Run.objects.count() == 1


@pytest.mark.parametrize("repeat", ["", "FREQ=DAILY"])
def test_completed_closes_what_was_never_sent(
    clock: ShiftedClock, declare: Declare, repeat: str
) -> None:
    mailing = once(repeat=repeat, ends_at=START + timedelta(hours=3))
    clock.go_to(START - timedelta(hours=1))
    service = DispatchService()
    assert service.change_status(mailing_id=mailing.pk, status="completed", actor="anna") == 1
    clock.go_to(START + timedelta(seconds=1))
    assert tick() == 0
    mailing.refresh_from_db()
    assert mailing.status == "completed"
    with pytest.raises(AlreadyDone):
        service.launch(mailing_id=mailing.pk, trigger="manual")
    service.change_status(mailing_id=mailing.pk, status="created", actor="anna")
    mailing.refresh_from_db()
    assert mailing.is_draft
    assert tick() == 0


def local(mailing: Mailing, zone: str, *, count: int = 3) -> list[str]:
    found = coming(mailing, after=mailing.starts_at, count=count)
    return [at.astimezone(ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M") for at in found]


@pytest.mark.parametrize(
    ("zone", "start", "rule", "expected"),
    [
        (
            "Asia/Kamchatka",
            "2026-12-07T08:00",
            "FREQ=WEEKLY;BYDAY=MO",
            ["Mon 2026-12-14 08:00", "Mon 2026-12-21 08:00", "Mon 2026-12-28 08:00"],
        ),
        (
            "Asia/Vladivostok",
            "2027-01-01T06:00",
            "FREQ=MONTHLY",
            ["Mon 2027-02-01 06:00", "Mon 2027-03-01 06:00", "Thu 2027-04-01 06:00"],
        ),
        (
            "Europe/Berlin",
            "2027-03-26T09:00",
            "FREQ=DAILY",
            ["Sat 2027-03-27 09:00", "Sun 2027-03-28 09:00", "Mon 2027-03-29 09:00"],
        ),
        (
            "America/New_York",
            "2027-01-31T23:30",
            rule_text("MONTHLY", day=31),
            ["Sun 2027-02-28 23:30", "Wed 2027-03-31 23:30", "Fri 2027-04-30 23:30"],
        ),
        (
            "Asia/Kamchatka",
            "2028-01-30T08:00",
            rule_text("MONTHLY", day=30),
            ["Tue 2028-02-29 08:00", "Thu 2028-03-30 08:00", "Sun 2028-04-30 08:00"],
        ),
    ],
)
def test_a_rule_is_counted_in_the_zone_in_which_it_was_written(
    settings: LazySettings, zone: str, start: str, rule: str, expected: list[str]
) -> None:
    settings.TIME_ZONE = "Europe/Moscow"
    begin = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    mailing = MailingFactory.create(
        starts_at=begin, ends_at=begin + timedelta(hours=10), repeat=rule, repeat_zone=zone
    )
    assert local(mailing, zone) == expected


def test_a_program_that_names_no_zone_means_its_owners(settings: LazySettings) -> None:
    owner = UserFactory.create(time_zone="Asia/Kamchatka")
    mailing = MailingFactory.build(
        owner=owner,
        message=MailingFactory.create(owner=owner).message,
        starts_at=START,
        ends_at=START + timedelta(hours=1),
        repeat="FREQ=DAILY",
    )
    MailingService(mailing.owner).save(mailing)
    assert mailing.repeat_zone == "Asia/Kamchatka"
    mailing.repeat_zone = "Mars/Olympus"
    with pytest.raises(ValidationError):
        MailingService(mailing.owner).save(mailing)


def test_a_change_of_the_name_does_not_send_what_was_missed(
    clock: ShiftedClock, declare: Declare
) -> None:
    mailing = once()
    clock.go_to(START + timedelta(days=1))
    mailing.name = "Renamed"
    MailingService(mailing.owner).save(mailing)
    assert tick() == 0


def test_the_last_day_is_said_in_words() -> None:
    assert "31" in rule_words(rule_text("MONTHLY", 2, (), 31))
    assert rule_text("MONTHLY", 1, (), 28) == "FREQ=MONTHLY"
    assert issubclass(StartPassed, Refused)
