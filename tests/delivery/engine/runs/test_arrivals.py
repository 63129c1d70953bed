"""A run that stays open: it waits for arrivals, and takes them as one set."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.core.errors import Refused
from apps.delivery.engine.runs.queue import resume_due
from apps.delivery.engine.worker.rescue import reconcile_runs
from apps.delivery.service import DispatchService
from apps.mailings.models import Delivery, Mailing, Recipient, Run
from tests.delivery.engine.conftest import Declare
from tests.delivery.engine.workers import assert_equation
from tests.factories import MailingFactory, RecipientFactory, SuppressionFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

service = DispatchService()


def open_run() -> Run:
    ends = timezone.now() + timedelta(days=36_500)
    mailing = MailingFactory.create(kind=Mailing.Kind.AUTOMATION, everyone=False, ends_at=ends)
    return Run.objects.get(
        pk=service.launch_open(mailing_id=mailing.pk, trigger="scheduled").run_id
    )


def people(run: Run, count: int) -> list[Recipient]:
    return RecipientFactory.create_batch(count, owner=run.mailing.owner)


def add(run: Run, recipients: list[Recipient]) -> dict[int, int]:
    ids = [one.pk for one in recipients]
    return service.add_recipients(mailing_id=run.mailing_id, recipient_ids=ids)


def work(run: Run) -> Run:
    service.work_until(run.pk, threading.Event())
    assert_equation(run)
    return run


def is_idle(run: Run) -> bool:
    run.refresh_from_db()
    return (run.state, run.reason, run.deferred_until) == ("deferred", "between_arrivals", None)


def test_it_opens_for_nobody_and_waits_without_a_time() -> None:
    run = open_run()
    assert is_idle(run)
    assert_equation(run)
    reconcile_runs()
    resume_due()
    assert is_idle(run)
    again = service.launch_open(mailing_id=run.mailing_id, trigger="scheduled")
    assert (again.run_id, again.created) == (run.pk, False)


def test_arrivals_wake_it_and_it_waits_again_after_them() -> None:
    run = open_run()
    first = people(run, 3)
    added = add(run, first)
    run.refresh_from_db()
    assert run.state == "queued"
    assert added.keys() == {one.pk for one in first}
    assert work(run).sent == 3
    assert is_idle(run)
    assert add(run, first) == {}  # once in a run
    add(run, [*first, *people(run, 2)])
    assert work(run).sent == 5
    assert is_idle(run)


def test_who_may_not_be_written_to_is_left_out_with_the_reason() -> None:
    run = open_run()
    gone, mute, archived, fine = people(run, 4)
    SuppressionFactory.create(owner=run.mailing.owner, address=gone.email)
    Recipient.objects.filter(pk=mute.pk).update(email=None, phone="+79160000001")
    Recipient.objects.filter(pk=archived.pk).update(archived_at=timezone.now())
    added = add(run, [gone, mute, archived, fine])
    assert added.keys() == {gone.pk, mute.pk, fine.pk}
    assert_equation(run)
    assert (run.pending, run.left_suppressed, run.left_no_address) == (1, 1, 1)
    assert Delivery.objects.get(pk=added[gone.pk]).left_out == "suppressed"
    assert work(run).sent == 1


def test_nobody_to_send_to_wakes_nobody() -> None:
    run = open_run()
    (gone,) = people(run, 1)
    SuppressionFactory.create(owner=run.mailing.owner, address=gone.email)
    add(run, [gone])
    assert is_idle(run)
    assert_equation(run)


def test_the_next_channel_takes_whom_the_first_does_not_reach(declare: Declare) -> None:
    declare("sms", kind="gateway", url="https://sms.example.org", token="t0ken")
    ends = timezone.now() + timedelta(days=36_500)
    mailing = MailingFactory.create(
        kind="automation",
        everyone=False,
        ends_at=ends,
        second_channel="phone",
        second_account="sms",
    )
    launched = service.launch_open(mailing_id=mailing.pk, trigger="scheduled")
    run = Run.objects.get(pk=launched.run_id)
    person = RecipientFactory.create(owner=mailing.owner, email=None, phone="+79160000001")
    added = add(run, [person])
    assert Delivery.objects.get(pk=added[person.pk]).channel == "phone"
    assert_equation(run)


def test_a_stop_closes_it_and_nobody_comes_in_any_more() -> None:
    run = open_run()
    add(run, people(run, 2))
    service.stop(mailing_id=run.mailing_id)
    assert_equation(run)
    assert (run.state, run.cancelled) == ("done", 2)
    with pytest.raises(Refused) as caught:
        add(run, people(run, 1))
    assert caught.value.code == "wrong_state"


def test_an_idle_run_has_nothing_to_resume_and_a_paused_one_stays_paused() -> None:
    run = open_run()
    with pytest.raises(Refused, match="next recipient"):
        service.resume(mailing_id=run.mailing_id)
    service.pause(mailing_id=run.mailing_id)
    add(run, people(run, 2))
    run.refresh_from_db()
    assert (run.state, run.pending) == ("paused", 2)
    service.resume(mailing_id=run.mailing_id)
    assert work(run).sent == 2
    service.pause(mailing_id=run.mailing_id)
    service.resume(mailing_id=run.mailing_id)
    work(run)
    assert is_idle(run)


def test_failed_and_unknown_ones_wake_it_when_they_are_sent_again() -> None:
    run = open_run()
    add(run, people(run, 2))
    work(run)
    failed, unknown = Delivery.objects.filter(run=run)
    Delivery.objects.filter(pk=failed.pk).update(state="failed")
    Delivery.objects.filter(pk=unknown.pk).update(state="unknown")
    Run.objects.filter(pk=run.pk).update(sent=0, failed=1, unknown=1)
    service.retry_failed(mailing_id=run.mailing_id)
    run.refresh_from_db()
    assert run.state == "queued"
    work(run)
    assert is_idle(run)
    service.resolve_unknown(run_id=run.pk, delivery_ids=None, verdict="pending", actor="a")
    assert work(run).sent == 2
