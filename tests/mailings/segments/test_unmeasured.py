"""Of some people nobody can know whether they did not open."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from apps.mailings.models import Activity, Engagement
from apps.mailings.segments import cannot_know, count, ground_of
from tests.factories import DeliveryFactory, MailingFactory, RecipientFactory, RunFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db]
NOW = timezone.now()


def tree(node: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "root": {"all": [node]}}


def not_opened(*mailings: int) -> dict[str, Any]:
    asked: dict[str, Any] = {"field": "did", "op": "opened"}
    return tree({"not": asked | ({"mailings": list(mailings)} if mailings else {"days": 90})})


def test_those_of_a_run_without_a_measure_are_counted_beside_the_others() -> None:
    measured = RunFactory.create()
    owner = measured.mailing.owner
    blind = RunFactory.create(mailing=MailingFactory.create(owner=owner))
    opened, silent, unknown = RecipientFactory.create_batch(3, owner=owner)
    for run, person in ((measured, opened), (measured, silent), (blind, unknown)):
        DeliveryFactory.create(run=run, recipient=person, state="sent")
    Engagement.objects.create(run=measured, recipient=opened, opened_at=NOW)
    ground = ground_of(owner, NOW)
    both = not_opened(measured.mailing_id, blind.mailing_id)
    assert (count(both, ground).n, cannot_know(both, ground)) == (2, 1)
    assert cannot_know(not_opened(measured.mailing_id), ground) == 0
    double = tree({"not": both["root"]["all"][0]})
    assert cannot_know(double, ground) is None
    assert cannot_know(tree({"field": "email", "op": "known"}), ground) is None


def test_where_nothing_is_measured_nobody_is_known() -> None:
    owner = RunFactory.create().mailing.owner
    mailed, _new = RecipientFactory.create_batch(2, owner=owner)
    Activity.objects.create(recipient=mailed, last_sent_at=NOW)
    ground = ground_of(owner, NOW)
    assert (count(not_opened(), ground).n, cannot_know(not_opened(), ground)) == (2, 1)
    Engagement.objects.create(
        run=RunFactory.create(mailing=MailingFactory.create(owner=owner)), recipient=mailed
    )
    assert cannot_know(not_opened(), ground) == 0
