"""Who of an audience gets nothing is left out for one reason, and the reasons add up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from apps.delivery.service import DispatchService
from apps.mailings.models import Attempt, Delivery, Mailing, Recipient, Run
from tests.delivery.engine.workers import assert_equation, processing_run, send
from tests.factories import RecipientFactory, RunFactory, SuppressionFactory, mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def reasons(run: Run) -> dict[str, str]:
    """Code and response of each that was left out."""
    rows = Delivery.objects.filter(run=run, state="suppressed").order_by("left_out")
    return dict(rows.values_list("left_out", "response"))


def test_the_freeze_names_a_reason_for_each() -> None:
    mailing = mailing_to(3)
    stopped = RecipientFactory.create(owner=mailing.owner)
    SuppressionFactory.create(owner=mailing.owner, address=stopped.email)
    RecipientFactory.create(owner=mailing.owner, email=None, phone="79161234567")
    run = send(mailing)
    assert reasons(run) == {"no_address": "@no_address", "suppressed": "@barred blocked"}
    assert (run.left_no_address, run.left_suppressed, run.suppressed) == (1, 1, 2)
    assert_equation(run)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"archived_at": timezone.now()}, {"gone": "@barred archived"}),
        ({"email": "new@example.org"}, {"gone": "@address_changed"}),
        ({"paused_until": timezone.now() + timedelta(days=1)}, {"paused": "@left_paused"}),
        ({"paused_until": timezone.now() - timedelta(days=1)}, {}),
    ],
)
def test_the_claim_looks_once_more(change: dict[str, Any], expected: dict[str, str]) -> None:
    run = processing_run(3)
    person = Recipient.objects.filter(owner=run.mailing.owner).latest("pk")
    Recipient.objects.filter(pk=person.pk).update(**change)
    run = send(run.mailing)
    assert reasons(run) == expected
    assert (run.sent, run.suppressed) == (3 - len(expected), len(expected))
    assert_equation(run)


def test_the_stronger_reason_is_the_one() -> None:
    run = processing_run(1)
    person = Recipient.objects.get(owner=run.mailing.owner)
    SuppressionFactory.create(owner=run.mailing.owner, address=person.email)
    Recipient.objects.filter(pk=person.pk).update(archived_at=timezone.now())
    assert reasons(send(run.mailing)) == {"suppressed": "@barred blocked"}


def test_a_retried_delivery_is_looked_at_again() -> None:
    run = processing_run(2)
    Delivery.objects.filter(run=run).update(not_before=timezone.now(), tries=1)
    person = Recipient.objects.filter(owner=run.mailing.owner).latest("pk")
    Recipient.objects.filter(pk=person.pk).update(archived_at=timezone.now())
    run = send(run.mailing)
    assert (run.sent, run.left_gone) == (1, 1)
    assert_equation(run)


def test_sending_writes_when_and_sending_again_does_so_anew() -> None:
    run = send(mailing_to(1))
    sent_at = Delivery.objects.get(run=run).sent_at
    assert sent_at == Attempt.objects.get().created_at
    assert DispatchService().reset(mailing_id=run.mailing_id) == 2
    again = send(Mailing.objects.get(pk=run.mailing_id))
    assert Delivery.objects.get(run=again).sent_at > sent_at


def test_the_database_holds_the_sum() -> None:
    run = RunFactory.create(suppressed=2)
    with pytest.raises(IntegrityError):
        Run.objects.filter(pk=run.pk).update(left_suppressed=1)
