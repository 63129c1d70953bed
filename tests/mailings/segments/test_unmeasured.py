"""Of some people nobody can know whether they did not open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.mailings.models import Activity, Engagement, Mailing, Recipient, Run, Term
from apps.mailings.segments import Ground, count, ground_of, members
from apps.users.models import User
from tests.factories import (
    DeliveryFactory,
    MailingFactory,
    RecipientFactory,
    RunFactory,
    UserFactory,
)

pytestmark = [pytest.mark.engine, pytest.mark.django_db]
NOW = timezone.now()


@pytest.fixture
def owner() -> User:
    return UserFactory.create()


def tree(node: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "root": {"all": [node]}}


def without(op: str, *mailings: int) -> dict[str, Any]:
    asked: dict[str, Any] = {"field": "did", "op": op}
    return tree({"not": asked | ({"mailings": list(mailings)} if mailings else {"days": 90})})


def cannot_know(asked: dict[str, Any], ground: Ground) -> int | None:
    return count(asked, ground).cannot_know


def sent_run(owner: User, tracking: str, *people: Recipient, **mailing: Any) -> Run:
    """A run that went to these people."""
    mailing_row = MailingFactory.create(owner=owner, **mailing)
    run = RunFactory.create(mailing=mailing_row, content={"tracking": tracking})
    for person in people:
        DeliveryFactory.create(run=run, recipient=person, state="sent")
        Activity.objects.update_or_create(recipient=person, defaults={"last_sent_at": NOW})
    return run


def test_those_of_a_run_without_a_measure_are_counted_beside_the_others(owner: User) -> None:
    opened, silent, unknown = RecipientFactory.create_batch(3, owner=owner)
    measured = sent_run(owner, "persons", opened, silent)
    blind = sent_run(owner, "totals", unknown)
    Engagement.objects.create(run=measured, recipient=opened, opened_at=NOW)
    ground = ground_of(owner, NOW)
    both = without("opened", measured.mailing_id, blind.mailing_id)
    assert (count(both, ground).n, cannot_know(both, ground)) == (2, 1)
    assert cannot_know(without("opened", measured.mailing_id), ground) == 0
    double = tree({"not": both["root"]["all"][0]})
    assert cannot_know(double, ground) is None
    assert cannot_know(tree({"field": "email", "op": "known"}), ground) is None


def test_a_run_that_nobody_opened_is_measured_all_the_same(owner: User) -> None:
    run = sent_run(owner, "persons", RecipientFactory.create(owner=owner))
    assert cannot_know(without("opened", run.mailing_id), ground_of(owner, NOW)) == 0


def test_who_is_hidden_by_a_program_or_asked_not_to_be_measured_cannot_be_known(
    owner: User,
) -> None:
    hidden, refused, silent = RecipientFactory.create_batch(3, owner=owner)
    Recipient.objects.filter(pk=refused.pk).update(unmeasured=True)
    run = sent_run(owner, "persons", hidden, refused, silent)
    Engagement.objects.create(run=run, recipient=hidden, opened_at=NOW, term=Term.UNCLEAR)
    ground = ground_of(owner, NOW)
    assert cannot_know(without("opened", run.mailing_id), ground) == 2
    assert cannot_know(without("opened"), ground) == 2
    assert cannot_know(without("clicked", run.mailing_id), ground) == 1, "a click shows itself"
    asked = {"field": "did", "op": "unclear", "mailings": [run.mailing_id]}
    known = {"all": [without("opened", run.mailing_id)["root"], {"not": asked}]}
    assert [*members({"version": 1, "root": known}, ground)] == [silent]


def test_days_ask_for_what_was_sent_in_them(owner: User) -> None:
    mailed = RecipientFactory.create(owner=owner)
    RecipientFactory.create(owner=owner)
    run = sent_run(owner, "off", mailed)
    ground = ground_of(owner, NOW)
    ever = tree({"not": {"field": "did", "op": "opened"}})
    assert (count(without("opened"), ground).n, cannot_know(without("opened"), ground)) == (2, 1)
    assert cannot_know(ever, ground) == 1
    long_ago = NOW - timedelta(days=100)
    run.deliveries.update(changed_at=long_ago)
    Run.objects.update(state="done", outcome="success", finished_at=long_ago)
    assert cannot_know(without("opened"), ground) == 0
    assert cannot_know(ever, ground) == 1


def test_a_receipt_hides_nobody(owner: User) -> None:
    person = RecipientFactory.create(owner=owner)
    sent_run(owner, "off", person, kind=Mailing.Kind.TRANSACTIONAL, everyone=False)
    assert cannot_know(without("opened"), ground_of(owner, NOW)) == 0


def test_members_and_those_among_them_are_counted_in_one_query(owner: User) -> None:
    run = sent_run(owner, "persons")
    ground, asked = ground_of(owner, NOW), without("opened", run.mailing_id)
    with CaptureQueriesContext(connection) as queries:
        count(asked, ground)
    assert len([one for one in queries if "COUNT(" in one["sql"]]) == 1
