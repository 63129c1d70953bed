"""Managers hear of what waits for them, authors of what was decided: once each."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.utils import timezone, translation

from apps.delivery.engine.runs.approvals import decisions as approvals
from apps.delivery.models import SystemMessage
from apps.delivery.monitoring.approval_notices import ApprovalNotices
from apps.mailings.models import Approval
from apps.reports.notifications import render
from apps.users.models import Notification
from tests.delivery.engine.runs.approvals.approved import approve
from tests.factories import ManagerFactory, UserFactory, mailing_to

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _always(settings: LazySettings) -> None:
    settings.APPROVAL, settings.LANGUAGE_CODE = "always", "en"


def turn_of_job(stopping: bool = False) -> None:
    ApprovalNotices().run(timezone.now(), lambda: stopping)


def texts(owner_id: int) -> list[str]:
    with translation.override("en"):
        return [render(one).text for one in Notification.objects.filter(owner_id=owner_id)]


def test_what_is_scheduled_is_put_before_the_managers() -> None:
    manager, mailing = ManagerFactory.create(), mailing_to(1, name="News")
    mailing_to(1, scheduled_at=None)
    mailing_to(1, owner=UserFactory.create(approval="off"))
    turn_of_job(stopping=True)
    assert not Approval.objects.exists()
    turn_of_job()
    turn_of_job()
    asked = Approval.objects.get()
    assert (asked.mailing, asked.notified) == (mailing, "waiting")
    assert texts(manager.pk) == [f"“News” of {mailing.owner.email} waits for an approval."]
    assert SystemMessage.objects.filter(key__startswith="approval:").count() == 1


def test_the_author_hears_what_was_decided() -> None:
    mailing = mailing_to(1, name="News", scheduled_at=None)
    row = approve(mailing, yes=False)
    approvals.ask(mailing_to(1, scheduled_at=None).pk, asked_by=None)
    turn_of_job(stopping=True)
    turn_of_job()
    by = row.decided_by.email
    assert texts(mailing.owner_id) == [f"“News” is sent back by {by}: Name the price"]
    assert render(Notification.objects.get(owner=mailing.owner)).url.endswith("/approval/")


def test_where_nothing_needs_one_nobody_is_asked(settings: LazySettings) -> None:
    settings.APPROVAL, settings.APPROVAL_ABOVE = "off", 5
    mailing_to(1)
    mailing_to(1, owner=UserFactory.create(approval="large"))
    turn_of_job()
    assert not Approval.objects.exists()
