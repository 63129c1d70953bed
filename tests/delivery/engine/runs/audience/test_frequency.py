"""Nobody gets more than the frequency rules allow: the others wait, or are skipped."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from apps.delivery.service import DispatchService
from apps.mailings.models import Delivery, FrequencyGate, FrequencyRule, Mailing, Recipient, Run
from tests.delivery.engine.conftest import ShiftedClock
from tests.delivery.engine.workers import assert_equation, send
from tests.factories import MailingFactory, MessageFactory, RecipientFactory, UserFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def mailings(count: int, *, people: int = 2, **fields: Any) -> list[Mailing]:
    """So many mailings of one owner to the same people."""
    owner = UserFactory.create()
    RecipientFactory.create_batch(people, owner=owner)
    message = MessageFactory.create(owner=owner)
    fields = {"ends_at": timezone.now() + timedelta(days=30)} | fields
    return MailingFactory.create_batch(count, owner=owner, message=message, **fields)


def allow(owner: Any, messages: int, days: int, channel: str = "") -> None:
    FrequencyGate.objects.get_or_create(owner=owner)
    FrequencyRule.objects.create(owner=owner, messages=messages, days=days, channel=channel)


def test_who_has_got_as_many_as_allowed_waits_until_the_oldest_is_past(
    clock: ShiftedClock,
) -> None:
    first, second = mailings(2)
    allow(first.owner, 1, 7)
    assert send(first).sent == 2
    run = send(second)
    assert (run.state, run.reason, run.pending, run.sent) == ("deferred", "frequency_cap", 2, 0)
    earlier = Delivery.objects.filter(run__mailing=first).order_by("sent_at")
    waiting = Delivery.objects.filter(run=run).order_by("not_before")
    assert [row.not_before for row in waiting] == [
        row.sent_at + timedelta(days=7) for row in earlier
    ]
    assert run.deferred_until == waiting[0].not_before
    assert {row.response for row in waiting} == {"@cap_waits"}
    assert_equation(run)
    clock.forward(days=7, minutes=1)
    DispatchService().resume_due()
    run = send(second)
    assert (run.state, run.sent) == ("done", 2)


def test_who_would_wait_beyond_the_end_is_left_out() -> None:
    first, second = mailings(2, ends_at=timezone.now() + timedelta(days=2))
    allow(first.owner, 1, 7)
    send(first)
    run = send(second)
    assert (run.state, run.left_cap) == ("done", 2)
    assert set(Delivery.objects.filter(run=run).values_list("response", flat=True)) == {"@left_cap"}
    assert_equation(run)


def test_a_mailing_may_skip_them_instead_of_waiting() -> None:
    first, second = mailings(2, on_cap="skip")
    allow(first.owner, 1, 7)
    send(first)
    assert send(second).left_cap == 2


def test_a_service_message_neither_waits_nor_counts() -> None:
    first, second, third = mailings(3)
    allow(first.owner, 1, 7)
    Mailing.objects.filter(pk=first.pk).update(purpose="service")
    first.refresh_from_db()
    assert send(first).sent == 2
    assert send(second).sent == 2
    Mailing.objects.filter(pk=third.pk).update(purpose="service")
    third.refresh_from_db()
    assert send(third).sent == 2


def test_a_rule_for_another_channel_holds_nobody() -> None:
    first, second = mailings(2)
    allow(first.owner, 1, 7, "phone")
    send(first)
    assert send(second).sent == 2


def test_a_persons_own_wish_holds_without_a_rule() -> None:
    first, second = mailings(2)
    asked = Recipient.objects.filter(owner=first.owner).latest("pk")
    Recipient.objects.filter(pk=asked.pk).update(every_days=14)
    assert send(first).sent == 2
    run = send(second)
    assert (run.sent, run.pending, run.reason) == (1, 1, "frequency_cap")
    assert Delivery.objects.get(run=run, state="pending").recipient_id == asked.pk
    assert_equation(run)


def test_the_stricter_rule_decides() -> None:
    first, second = mailings(2)
    allow(first.owner, 5, 1)
    allow(first.owner, 1, 30)
    send(first)
    run = send(second)
    assert run.left_cap == 2


@pytest.mark.skipif(connection.vendor != "postgresql", reason="one writer has no race")
def test_claims_at_once_do_not_add_up_to_more(settings: Any) -> None:
    three = mailings(3, people=60, on_cap="skip")
    allow(three[0].owner, 2, 7)
    service = DispatchService()
    ids = [service.launch(mailing_id=one.pk, trigger="manual").run_id for one in three]

    def work(run_id: int) -> None:
        DispatchService().work_until(run_id, threading.Event())
        connection.close()

    threads = [threading.Thread(target=work, args=(run_id,)) for run_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in three:
        if Run.objects.get(mailing=one).state != "done":
            send(one)
    got = Delivery.objects.filter(state="sent").values("recipient_id").annotate(n=Count("pk"))
    assert {row["n"] for row in got} == {2} and len(got) == 60
    for run in Run.objects.all():
        assert_equation(run)
