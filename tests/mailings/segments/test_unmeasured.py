"""Of some people nobody can know whether they did not open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.mailings.models import Activity, Engagement
from apps.mailings.segments import Ground, count, ground_of
from tests.factories import DeliveryFactory, MailingFactory, RecipientFactory, RunFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db]
NOW = timezone.now()


def tree(node: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "root": {"all": [node]}}


def not_opened(*mailings: int) -> dict[str, Any]:
    asked: dict[str, Any] = {"field": "did", "op": "opened"}
    return tree({"not": asked | ({"mailings": list(mailings)} if mailings else {"days": 90})})


def cannot_know(asked: dict[str, Any], ground: Ground) -> int | None:
    return count(asked, ground).cannot_know


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
    run = RunFactory.create(mailing=MailingFactory.create(owner=owner))
    long_ago = NOW - timedelta(days=100)
    seen = Engagement.objects.create(run=run, recipient=mailed, opened_at=long_ago)
    assert cannot_know(not_opened(), ground) == 1, "what was measured before says nothing"
    ever = tree({"not": {"field": "did", "op": "opened"}})
    assert cannot_know(ever, ground) == 0
    seen.opened_at = NOW
    seen.save()
    assert cannot_know(not_opened(), ground) == 0


def test_those_to_whom_nothing_was_sent_in_these_days_are_known() -> None:
    owner = RunFactory.create().mailing.owner
    person = RecipientFactory.create(owner=owner)
    Activity.objects.create(recipient=person, last_sent_at=NOW - timedelta(days=100))
    assert cannot_know(not_opened(), ground_of(owner, NOW)) == 0


def test_members_and_those_among_them_are_counted_in_one_query() -> None:
    run = RunFactory.create()
    ground, asked = ground_of(run.mailing.owner, NOW), not_opened(run.mailing_id)
    with CaptureQueriesContext(connection) as queries:
        count(asked, ground)
    assert len([one for one in queries if "COUNT(" in one["sql"]]) == 1
