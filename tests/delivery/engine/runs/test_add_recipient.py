"""One more recipient for a run whose audience is frozen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.core.errors import Refused
from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.service import DispatchService
from apps.mailings.models import Delivery, Mailing, Recipient, Run
from tests.delivery.engine.workers import assert_equation, processing_run, send
from tests.factories import RecipientFactory, SuppressionFactory, mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def another(run: Run, **fields: Any) -> Recipient:
    return RecipientFactory.create(owner=run.mailing.owner, **fields)


def join(run: Run, recipient: Recipient) -> Delivery:
    number = DispatchService().add_recipient(mailing_id=run.mailing_id, recipient_id=recipient.pk)
    return Delivery.objects.get(pk=number)


def refusal(run: Run, recipient: Recipient) -> str:
    with pytest.raises(Refused) as caught:
        DispatchService().add_recipient(mailing_id=run.mailing_id, recipient_id=recipient.pk)
    assert_equation(run)
    return caught.value.code


def test_a_run_that_is_being_sent_takes_one_more() -> None:
    run = processing_run(3)
    join(run, another(run))
    assert_equation(run)
    assert (run.pending, run.audience) == (4, 4)
    assert send(run.mailing).sent == 4


def test_a_run_that_is_done_goes_on_for_the_one_and_nobody_is_sent_to_twice() -> None:
    run = send(mailing_to(3))
    assert (run.state, run.sent) == ("done", 3)
    delivery = join(run, another(run))
    run.refresh_from_db()
    assert (run.state, run.outcome, run.mailing.status) == ("queued", "", Mailing.Status.RUNNING)
    assert_equation(run)
    run = send(run.mailing)
    assert (run.state, run.outcome, run.sent) == ("done", "success", 4)
    assert_equation(run)
    assert list(Delivery.objects.values_list("tries", flat=True)) == [1] * 4
    delivery.refresh_from_db()
    assert delivery.state == "sent"


def test_a_stopped_run_is_opened_for_the_one_alone() -> None:
    run = processing_run(3)
    DispatchService().stop(mailing_id=run.mailing_id)
    join(run, another(run))
    run = send(run.mailing)
    assert (run.sent, run.cancelled, run.outcome) == (1, 3, "partial")
    assert_equation(run)


def test_a_run_that_waits_for_hours_of_the_day_is_woken() -> None:
    now = datetime.now(UTC)
    hours = {
        "local_from": (now - timedelta(hours=1)).time(),
        "local_to": (now + timedelta(hours=1)).time(),
    }
    mailing = mailing_to(0, ends_at=timezone.now() + timedelta(days=3), **hours)
    RecipientFactory.create(owner=mailing.owner, time_zone="Asia/Tokyo")
    run = send(mailing)
    assert (run.state, run.reason) == ("deferred", "outside_local_hours")
    join(run, another(run, time_zone="UTC"))
    run = send(mailing)
    assert (run.state, run.reason, run.sent, run.pending) == (
        "deferred",
        "outside_local_hours",
        1,
        1,
    )
    assert_equation(run)


def test_who_must_not_be_written_to_is_counted_and_a_done_run_stays_done() -> None:
    run = send(mailing_to(1))
    gone = another(run)
    SuppressionFactory.create(owner=run.mailing.owner, address=gone.email)
    assert join(run, gone).response == "@barred blocked"
    assert join(run, another(run, email=None, phone="79161234567")).response == "@no_address"
    run.refresh_from_db()
    assert (run.state, run.suppressed, run.audience) == ("done", 2, 3)
    assert_equation(run)


def test_nobody_is_in_a_run_twice() -> None:
    run = processing_run(2)
    present = Recipient.objects.filter(owner=run.mailing.owner).latest("pk")
    assert refusal(run, present) == "already_in_run"


def test_nobody_comes_in_when_nothing_may_be_sent() -> None:
    run = processing_run(2)
    late = another(run)
    mailing = Mailing.objects.filter(pk=run.mailing_id)
    mailing.update(is_active=False)
    assert refusal(run, late) == "wrong_state"
    mailing.update(is_active=True)
    Run.objects.filter(pk=run.pk).update(stopping=True)
    assert refusal(run, late) == "wrong_state"
    Run.objects.filter(pk=run.pk).update(stopping=False)
    mailing.update(
        starts_at=timezone.now() - timedelta(hours=2), ends_at=timezone.now() - timedelta(hours=1)
    )
    assert refusal(run, late) == "wrong_state"


def test_nobody_comes_in_before_the_audience_is_frozen() -> None:
    mailing = mailing_to(2)
    late = RecipientFactory.create()
    with pytest.raises(Refused):
        DispatchService().add_recipient(mailing_id=mailing.pk, recipient_id=late.pk)
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    run = Run.objects.get(pk=launched.run_id)
    assert refusal(run, another(run)) == "wrong_state"
    freeze_audience(run.pk)
    assert_equation(run)
