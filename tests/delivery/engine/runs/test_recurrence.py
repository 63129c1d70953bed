"""A repeated mailing comes again, to those who are there then, and never silently late."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from apps.core.errors import Refused
from apps.delivery.service import DispatchService
from apps.mailings.models import Mailing, Run
from apps.mailings.recurrence import check_rule, coming, missed, rule_text
from tests.delivery.engine.conftest import Declare, ShiftedClock
from tests.factories import MailingFactory, RecipientFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

MONDAY_NOON = datetime(2030, 5, 13, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def weekly(clock: ShiftedClock, **fields: object) -> Mailing:
    """Every Monday at noon, for a day, to one recipient so far."""
    clock.go_to(MONDAY_NOON + SECOND)
    values = {
        "starts_at": MONDAY_NOON,
        "ends_at": MONDAY_NOON + timedelta(days=1),
        "repeat": "FREQ=WEEKLY",
    }
    mailing = MailingFactory.create(**{**values, **fields})
    RecipientFactory.create(owner=mailing.owner)
    return mailing


def tick() -> list[int]:
    """One look of the scheduler, and the work that it finds. Returns the runs it launched."""
    service = DispatchService()
    launched = [one.run_id for one in service.dispatch_due()]
    for run_id in launched:
        service.work_until(run_id, threading.Event())
    service.dispatch_due()
    return launched


def test_each_occurrence_is_a_run_of_its_own_with_the_audience_of_its_day(
    clock: ShiftedClock, declare: Declare
) -> None:
    mailing = weekly(clock)
    assert len(tick()) == 1
    mailing.refresh_from_db()
    assert (mailing.status, mailing.current_run) == ("created", 2)
    assert mailing.starts_at == MONDAY_NOON + timedelta(days=7)
    assert mailing.ends_at - mailing.starts_at == timedelta(days=1)
    assert tick() == []

    RecipientFactory.create(owner=mailing.owner)
    clock.go_to(MONDAY_NOON + timedelta(days=7) + SECOND)
    assert len(tick()) == 1
    sent = Run.objects.filter(mailing=mailing).order_by("number").values_list("number", "sent")
    assert list(sent) == [(1, 1), (2, 2)]


def test_many_schedulers_make_one_run_of_an_occurrence(
    clock: ShiftedClock, declare: Declare
) -> None:
    mailing = weekly(clock)
    for _ in range(20):
        tick()
    assert Run.objects.filter(mailing=mailing).count() == 1


def test_an_occurrence_that_was_missed_asks_and_is_never_fired_late(
    clock: ShiftedClock, declare: Declare
) -> None:
    mailing = weekly(clock)
    clock.forward(hours=3)

    assert tick() == []
    assert missed(mailing, clock.now())

    DispatchService().launch(mailing_id=mailing.pk, trigger="manual")  # a person says: now
    assert Run.objects.filter(mailing=mailing).count() == 1


def test_a_missed_occurrence_can_be_passed_over(clock: ShiftedClock, declare: Declare) -> None:
    mailing = weekly(clock)
    clock.forward(hours=3)

    DispatchService().skip(mailing_id=mailing.pk)

    mailing.refresh_from_db()
    assert (mailing.starts_at, mailing.current_run) == (MONDAY_NOON + timedelta(days=7), 1)


def test_after_a_long_time_off_only_the_latest_start_counts(
    clock: ShiftedClock, declare: Declare
) -> None:
    mailing = weekly(clock)
    clock.forward(days=22)

    assert tick() == []

    mailing.refresh_from_db()
    assert mailing.starts_at == MONDAY_NOON + timedelta(days=28)
    assert Run.objects.count() == 0


def test_a_series_ends_when_it_should(clock: ShiftedClock, declare: Declare) -> None:
    mailing = weekly(clock, repeat_until=MONDAY_NOON + timedelta(days=6))
    tick()
    mailing.refresh_from_db()
    assert mailing.status == "completed"
    with pytest.raises(Refused):
        DispatchService().skip(mailing_id=mailing.pk)


def test_the_next_starts_can_be_looked_at() -> None:
    start = datetime(2026, 1, 31, 9, tzinfo=UTC)
    monthly = Mailing(starts_at=start, ends_at=start + timedelta(hours=1), repeat="FREQ=MONTHLY")

    days = [at.date().isoformat() for at in coming(monthly, after=start, count=3)]

    assert days == ["2026-03-31", "2026-05-31", "2026-07-31"]  # months without a 31st are left out


def test_a_wall_clock_time_stays_what_it_is_when_clocks_change(settings: object) -> None:
    setattr(settings, "TIME_ZONE", "Europe/Berlin")
    start = datetime(2026, 3, 28, 9, tzinfo=UTC)  # 10:00 in Berlin, still in winter time
    daily = Mailing(starts_at=start, ends_at=start + timedelta(hours=1), repeat="FREQ=DAILY")

    assert coming(daily, after=start, count=1) == [datetime(2026, 3, 29, 8, tzinfo=UTC)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FREQ=SECONDLY",
        "FREQ=HOURLY",
        "BYDAY=MO",
        "FREQ=DAILY;BYHOUR=1,2",
        "FREQ=WEEKLY;BYDAY=XX",
    ],
)
def test_a_rule_that_cannot_be_used_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        check_rule(text, MONDAY_NOON, UTC)


def test_rules_are_written_as_the_standard_says() -> None:
    assert rule_text("WEEKLY", 2, ["FR", "MO"]) == "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR"
    assert rule_text("DAILY") == "FREQ=DAILY"
    assert rule_text("") == ""
