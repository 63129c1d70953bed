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
from apps.mailings.failure_reasons import explain
from apps.mailings.models import Delivery, FrequencyGate, FrequencyRule, Mailing, Recipient, Run
from apps.mailings.services.permission.frequency import (
    FrequencyWaits,
    ask_again,
    figures,
    replace_rules,
)
from tests.delivery.engine.conftest import ShiftedClock
from tests.delivery.engine.workers import assert_equation, send
from tests.factories import (
    MailingFactory,
    MessageFactory,
    RecipientFactory,
    RunFactory,
    UserFactory,
)

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


@pytest.mark.parametrize("rules", [[], [(5, 7, "")]])
def test_a_looser_rule_lets_those_go_on_who_waited(rules: list[tuple[int, int, str]]) -> None:
    first, second = mailings(2)
    allow(first.owner, 1, 7)
    send(first)
    assert send(second).reason == "frequency_cap"
    replace_rules(owner=first.owner, rules=rules)
    assert Run.objects.get(mailing=second).state == "deferred"  # saving waits for nobody
    assert ask_again(first.owner_id, lambda: False) == 2
    run = Run.objects.get(mailing=second)
    assert (run.state, run.deferred_until) == ("queued", None)
    run = send(second)
    assert (run.state, run.sent) == ("done", 2)
    assert_equation(run)


def test_another_rule_gives_the_waits_another_end() -> None:
    first, second = mailings(2)
    allow(first.owner, 1, 20)
    send(first)
    send(second)
    replace_rules(owner=first.owner, rules=[(1, 3, "")])
    assert ask_again(first.owner_id, lambda: False) == 0
    run = Run.objects.get(mailing=second)
    sent = Delivery.objects.filter(run__mailing=first).values_list("sent_at", flat=True)
    waiting = Delivery.objects.filter(run=run).values_list("not_before", flat=True)
    assert set(waiting) == {at + timedelta(days=3) for at in sent}
    assert (run.state, run.deferred_until) == ("deferred", min(waiting))
    assert_equation(run)


def test_a_wish_of_ones_own_outlasts_the_rule() -> None:
    first, second = mailings(2)
    asked = Recipient.objects.filter(owner=first.owner).latest("pk")
    Recipient.objects.filter(pk=asked.pk).update(every_days=14)
    allow(first.owner, 1, 7)
    send(first)
    send(second)
    replace_rules(owner=first.owner, rules=[])
    FrequencyWaits().run(timezone.now(), lambda: False)
    run = send(second)
    assert (run.sent, run.pending, run.reason) == (1, 1, "frequency_cap")


def test_those_who_wait_are_asked_until_all_of_them_were() -> None:
    """A job that is stopped, or overtaken by another change, leaves the mark for the next."""
    first, second = mailings(2)
    allow(first.owner, 1, 7)
    send(first)
    send(second)
    replace_rules(owner=first.owner, rules=[])
    waits = FrequencyWaits()
    waits.run(timezone.now(), lambda: True)
    assert Run.objects.get(mailing=second).state == "deferred"

    def changed_meanwhile() -> bool:
        replace_rules(owner=first.owner, rules=[(5, 7, "")])
        return False

    assert ask_again(first.owner_id, changed_meanwhile) == 2
    assert FrequencyGate.objects.get().changed_at is not None
    waits.run(timezone.now(), lambda: False)
    assert FrequencyGate.objects.get().changed_at is None
    assert send(second).sent == 2


def test_the_figures_say_who_got_how_many_waits_and_was_skipped() -> None:
    first, second = mailings(2)
    RecipientFactory.create(owner=first.owner, email=None, phone="79161234567")
    allow(first.owner, 1, 7)
    send(first)
    send(second)
    skipping = MailingFactory.create(owner=first.owner)
    RunFactory.create(mailing=skipping, state="done", suppressed=1, left_suppressed=0, left_cap=1)
    found = figures(first.owner.pk, now=timezone.now())
    first_at = Delivery.objects.filter(state="pending").order_by("not_before")[0].not_before
    assert (found.people, found.waiting, found.first_at, found.skipped) == (
        (1, 2, 0, 0, 0, 0),
        2,
        first_at,
        1,
    )
    row = Delivery.objects.filter(state="pending")[0]
    why = explain(row)
    assert why is not None and why.text.startswith("Waits for the frequency rule until ")


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
