"""Nothing leaves outside the hours: the account's working hours, and each recipient's own day."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.core.responses.stored import coded
from apps.core.values.opening_hours import OpeningHours
from apps.delivery.service import DispatchService
from apps.mailings.ledger.claim_in_hours import LocalHours, zone_of
from apps.mailings.models import Attempt, Delivery, Mailing, Run
from tests.delivery.engine.conftest import Declare, ShiftedClock
from tests.delivery.engine.workers import assert_equation, send
from tests.factories import MailingFactory, RecipientFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

NOON_IN_MOSCOW = datetime(2030, 5, 15, 9, 0, tzinfo=UTC)  # a Wednesday
MOSCOW = ZoneInfo("Europe/Moscow")


def mailing_in(zones: list[str], clock: ShiftedClock, **fields: object) -> Mailing:
    """One recipient in each zone."""
    now = clock.now()
    values = {"starts_at": now - timedelta(minutes=1), "ends_at": now + timedelta(days=30)}
    mailing = MailingFactory.create(**{**values, **fields})
    for zone in zones:
        RecipientFactory.create(owner=mailing.owner, time_zone=zone)
    return mailing


def wait_out(run: Run, clock: ShiftedClock) -> Run:
    """Put the clock to the end of the run's wait and let it go on."""
    assert run.deferred_until is not None
    clock.go_to(run.deferred_until + timedelta(seconds=1))
    service = DispatchService()
    service.dispatch_due()
    service.work_until(run.pk, threading.Event())
    return Run.objects.get(pk=run.pk)


def sent_at(run: Run) -> dict[str, datetime]:
    rows = Attempt.objects.filter(mailing_id=run.mailing_id)
    return dict(rows.values_list("recipient__time_zone", "created_at"))


def test_an_account_sends_in_its_working_hours_only(clock: ShiftedClock, declare: Declare) -> None:
    office = OpeningHours(MOSCOW, time(9), time(18), frozenset(range(5)))
    declare(hours=office)
    clock.go_to(NOON_IN_MOSCOW.replace(hour=16))  # 19:00

    run = send(mailing_in(["Europe/Moscow"] * 3, clock))

    assert (run.sent, run.state, run.reason) == (0, "deferred", "outside_hours")
    assert run.deferred_until == datetime(2030, 5, 16, 6, tzinfo=UTC)
    run = wait_out(run, clock)
    assert (run.sent, run.outcome) == (3, "success")


def test_a_mailing_that_ends_before_the_working_hours_expires_at_once(
    clock: ShiftedClock, declare: Declare
) -> None:
    declare(hours=OpeningHours(MOSCOW, time(9), time(18)))
    clock.go_to(NOON_IN_MOSCOW.replace(hour=16))

    run = send(mailing_in(["UTC"] * 3, clock, ends_at=clock.now() + timedelta(hours=3)))

    assert (run.expired, run.outcome) == (3, "expired")
    recorded = set(Delivery.objects.filter(run=run).values_list("response", flat=True))
    assert recorded == {coded("hours_too_late")}


def test_everybody_is_written_to_in_the_hours_of_his_own_day(
    clock: ShiftedClock, declare: Declare
) -> None:
    clock.go_to(NOON_IN_MOSCOW)
    zones = ["Europe/Moscow", "Asia/Vladivostok", "America/New_York", "Asia/Kolkata", ""]
    mailing = mailing_in(zones, clock, local_from=time(10), local_to=time(13))

    run = send(mailing)
    assert (run.sent, run.state, run.reason) == (2, "deferred", "outside_local_hours")
    assert_equation(run)
    for _ in range(4):
        if run.state != Run.State.DONE:
            run = wait_out(run, clock)

    assert (run.sent, run.outcome) == (5, "success")
    assert_equation(run)
    for zone, moment in sent_at(run).items():
        assert time(10) <= moment.astimezone(ZoneInfo(zone or "Europe/Moscow")).time() < time(13)


def test_many_for_whom_it_is_night_do_not_keep_from_those_for_whom_it_is_day(
    clock: ShiftedClock, declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.mailings.ledger.claim_in_hours.LOOKED_AT", 2)
    clock.go_to(NOON_IN_MOSCOW)
    zones = ["America/New_York"] * 7 + ["Europe/Moscow"] * 2
    declare(window=1)

    run = send(mailing_in(zones, clock, local_from=time(10), local_to=time(13)))

    assert (run.sent, run.pending, run.reason) == (2, 7, "outside_local_hours")
    assert_equation(run)


def test_hours_over_midnight(clock: ShiftedClock, declare: Declare) -> None:
    clock.go_to(NOON_IN_MOSCOW)
    mailing = mailing_in(["Europe/Moscow"], clock, local_from=time(22), local_to=time(2))

    run = send(mailing)

    assert run.deferred_until == datetime(2030, 5, 15, 19, tzinfo=UTC)
    assert wait_out(run, clock).outcome == "success"


def test_whose_hours_come_after_the_end_expires_at_once_and_is_reported_so(
    clock: ShiftedClock, declare: Declare
) -> None:
    clock.go_to(NOON_IN_MOSCOW)
    mailing = mailing_in(
        ["Europe/Moscow", "America/New_York"],
        clock,
        local_from=time(11),
        local_to=time(13),
        ends_at=clock.now() + timedelta(hours=2),
    )

    run = send(mailing)

    assert (run.sent, run.expired, run.outcome) == (1, 1, "partial")
    late = Delivery.objects.get(run=run, state="expired")
    assert late.response == coded("local_hours_too_late")
    assert_equation(run)


def test_nobody_is_claimed_in_the_last_seconds_of_his_hours() -> None:
    hours = LocalHours(time(10), time(12))
    closing = datetime(2030, 5, 15, 9, tzinfo=UTC)

    assert hours.refresh("Europe/Moscow", closing - timedelta(minutes=1))[0] is True
    is_open, until = LocalHours(time(10), time(12)).refresh(
        "Europe/Moscow", closing - timedelta(seconds=3)
    )
    assert (is_open, until) == (False, datetime(2030, 5, 16, 7, tzinfo=UTC))


def test_an_unknown_zone_is_the_installations() -> None:
    assert zone_of("Mars/Olympus") == zone_of("") == MOSCOW
