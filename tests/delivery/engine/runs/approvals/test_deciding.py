"""Who may decide, about what, and once."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.utils import timezone

from apps.delivery.engine.runs.approvals import decisions as approvals
from apps.delivery.engine.runs.approvals.decisions import ApprovalForbidden, ApprovalOutdated
from apps.delivery.engine.runs.approvals.fingerprints import differences
from apps.mailings.models import Approval, Mailing, Run
from tests.delivery.engine.runs.approvals.approved import approve
from tests.factories import ManagerFactory, RunFactory, UserFactory, mailing_to

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _always(settings: LazySettings) -> None:
    settings.APPROVAL = "always"


def test_the_author_does_not_approve_even_as_a_manager() -> None:
    manager = ManagerFactory.create()
    mailing = mailing_to(1, owner=manager)
    with pytest.raises(ApprovalForbidden):
        approve(mailing, manager)
    assert approve(mailing, ManagerFactory.create()).state == "approved"


def test_a_stranger_and_a_blocked_manager_do_not() -> None:
    mailing = mailing_to(1)
    for actor in (UserFactory.create(), ManagerFactory.create(is_active=False)):
        with pytest.raises(ApprovalForbidden):
            approve(mailing, actor)


def test_what_has_changed_since_cannot_be_approved() -> None:
    mailing = mailing_to(1)
    asked = approvals.ask(mailing.pk, asked_by=None)
    Mailing.objects.update(name="Another")
    manager, now = ManagerFactory.create(), timezone.now()
    with pytest.raises(ApprovalOutdated):
        approvals.decide(asked.pk, actor=manager, yes=True, word="", now=now)
    again = approvals.ask(mailing.pk, asked_by=None)
    asked.refresh_from_db()
    assert (asked.state, again.state) == ("replaced", "waiting")
    approvals.decide(again.pk, actor=manager, yes=False, word=" No ", now=now)
    with pytest.raises(ApprovalOutdated):
        approvals.decide(again.pk, actor=manager, yes=True, word="", now=now)
    again.refresh_from_db()
    assert (again.state, again.word, again.decided_by) == ("returned", "No", manager)


def test_it_is_put_before_them_once() -> None:
    mailing = mailing_to(1)
    assert approvals.ask(mailing.pk, asked_by=None) == approvals.ask(mailing.pk, asked_by=None)
    approve(mailing)
    assert approvals.ask(mailing.pk, asked_by=None).state == "approved"
    assert Approval.objects.count() == 1


def test_a_run_keeps_one_copy() -> None:
    mailing = mailing_to(1)
    kept = approve(mailing)
    run = RunFactory.create(mailing=mailing)
    approvals.bind(run, kept)
    kept.refresh_from_db()
    approvals.bind(run, kept)
    approvals.bind(run, None)
    assert Approval.objects.get().run == Run.objects.get()


def test_the_difference_is_said_part_by_part() -> None:
    before = {"subject": "Old", "text": "a\nb\n--- c", "sender": "x"}
    after = {"subject": "New", "text": "a\nb\n+++ d", "sender": "x"}
    assert differences(before, after) == [
        ("subject", ["- Old", "+ New"]),
        ("text", ["- --- c", "+ +++ d"]),
    ]
