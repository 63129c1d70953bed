"""Variants that are sent at an hour of each recipient's own day, and the decision that waits."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import LazySettings

from apps.core.errors import Refused
from apps.delivery.service import DispatchService
from apps.mailings.ledger.claim_in_hours import TOO_LATE
from apps.mailings.models import Attempt, Delivery, Mailing, Recipient, Run, RunExperiment, Variant
from tests.delivery.engine.conftest import ShiftedClock
from tests.delivery.engine.runs.experiments.test_experiments import (
    gone_on,
    launched,
    tried,
)
from tests.delivery.engine.workers import assert_equation
from tests.faults.experiments.clicks import clicked

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

NOON_IN_MOSCOW = datetime(2030, 5, 15, 9, 0, tzinfo=UTC)
EVENING_IN_MOSCOW = datetime(2030, 5, 15, 15, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def measured(settings: LazySettings) -> None:
    settings.TRACKING = "persons"


def at_noon(clock: ShiftedClock, count: int, **terms: Any) -> Mailing:
    """A mailing that goes at once, or in B at six in the evening."""
    clock.go_to(NOON_IN_MOSCOW)
    mailing = tried(count, **terms)
    Variant.objects.update(subject="", hour=18)
    begin = clock.now() - timedelta(minutes=1)
    mailing.starts_at, mailing.ends_at = begin, begin + timedelta(days=5)
    mailing.save()
    return mailing


def waited(run: Run, clock: ShiftedClock) -> Run:
    assert run.deferred_until is not None
    clock.go_to(run.deferred_until + timedelta(seconds=1))
    return gone_on(run)


def sent_versions(run: Run) -> set[int]:
    rows = Delivery.objects.filter(run=run, state="sent")
    return set(rows.values_list("content_version", flat=True))


def test_a_variant_goes_out_at_its_own_hour(clock: ShiftedClock) -> None:
    run = launched(at_noon(clock, 40, share=100))
    assert (run.reason, run.deferred_until) == ("outside_local_hours", EVENING_IN_MOSCOW)
    assert sent_versions(run) == {1}
    assert_equation(run)
    run = waited(run, clock)
    assert (run.outcome, run.sent, sent_versions(run)) == ("success", 40, {1, 2})
    moments = Attempt.objects.filter(delivery__content_version=2).values_list("created_at")
    for (moment,) in moments:
        assert moment.astimezone(ZoneInfo("Europe/Moscow")).hour == 18


def test_the_hour_is_that_of_each_recipients_day(clock: ShiftedClock) -> None:
    mailing = at_noon(clock, 40, share=100)
    Recipient.objects.filter(owner=mailing.owner).update(time_zone="Asia/Vladivostok")
    run = launched(mailing)  # it is 19:00 there
    assert (run.outcome, sent_versions(run)) == ("success", {1, 2})


def test_the_decision_is_counted_from_the_last_hour_and_the_others_get_it_at_theirs(
    clock: ShiftedClock, tmp_path: Path
) -> None:
    run = launched(at_noon(clock, 60, share=50, if_undecided="leader"))
    row = RunExperiment.objects.get(run=run)
    assert (run.reason, row.due_at) == ("outside_local_hours", None)
    run = waited(run, clock)
    row.refresh_from_db()
    assert (run.reason, run.deferred_until) == ("experiment", row.due_at)
    assert row.due_at > EVENING_IN_MOSCOW + timedelta(hours=4)
    assert row.variants[1]["hour"] == "18:00"

    clicked(run, 2, 3)
    run = waited(run, clock)  # after ten in the evening
    row.refresh_from_db()
    assert row.chosen == 2
    tomorrow = EVENING_IN_MOSCOW + timedelta(days=1)
    assert (run.reason, run.deferred_until) == ("outside_local_hours", tomorrow)
    others = Delivery.objects.filter(run=run, position__gt=0)
    assert set(others.values_list("state", flat=True)) == {"pending"}
    assert_equation(run)
    run = waited(run, clock)
    assert (run.outcome, run.sent) == ("success", 60)
    assert set(others.values_list("content_version", flat=True)) == {2}
    assert_equation(run)


def test_hours_of_the_mailing_itself_keep_the_decision_waiting_as_well(clock: ShiftedClock) -> None:
    mailing = at_noon(clock, 60, share=50)
    Variant.objects.update(subject="Другая", hour=None)
    mailing.local_from, mailing.local_to = time(10), time(13)
    mailing.save()
    west = Recipient.objects.filter(pk__in=Recipient.objects.order_by("pk").values("pk")[:30])
    west.update(time_zone="America/New_York")
    run = launched(mailing)
    assert (run.reason, RunExperiment.objects.get(run=run).due_at) == ("outside_local_hours", None)
    run = waited(run, clock)
    assert (run.reason, run.deferred_until) == (
        "experiment",
        RunExperiment.objects.get(run=run).due_at,
    )


def test_who_has_no_such_hour_before_the_end_expires_and_says_so(clock: ShiftedClock) -> None:
    mailing = at_noon(clock, 40, share=50, if_undecided="leader")
    mailing.ends_at = mailing.starts_at + timedelta(hours=29)  # at five on the next day
    mailing.save()
    run = waited(launched(mailing), clock)
    clicked(run, 2, 3)
    run = waited(run, clock)
    late = Delivery.objects.filter(run=run, position__gt=0)
    assert set(late.values_list("state", "response")) == {("expired", TOO_LATE)}
    assert (run.state, run.outcome, run.expired) == ("done", "partial", late.count())
    assert_equation(run)


def test_an_hour_needs_a_day_more(clock: ShiftedClock) -> None:
    mailing = at_noon(clock, 2, share=50)
    mailing.ends_at = mailing.starts_at + timedelta(hours=20)
    mailing.save()
    with pytest.raises(Refused) as caught:
        DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    assert caught.value.code == "experiment_too_long"
