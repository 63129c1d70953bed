"""No way to a run leads around the approval."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from django.conf import LazySettings
from django.utils import timezone

from apps.core.errors import Refused
from apps.delivery.engine.runs.approvals import decisions as approvals
from apps.delivery.engine.runs.approvals.decisions import ApprovalNeeded
from apps.delivery.service import service
from apps.mailings.models import Approval, Mailing, Run, Trigger
from apps.mailings.selectors.mailings import cards_of
from apps.mailings.services import starting
from apps.mailings.services.mailings import duplicate_mailing
from apps.mailings.services.mailouts import set_going
from apps.mailings.services.transactional import TransactionalMessage, send_transactional
from tests.delivery.engine.runs.approvals.approved import approve
from tests.factories import RecipientFactory, RunFactory, UserFactory, mailing_to

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _always(settings: LazySettings) -> None:
    settings.APPROVAL = "always"


_STARTS: Final[dict[str, Callable[[int], Any]]] = {
    "page": lambda pk: starting.start(mailing_id=pk, trigger=Trigger.MANUAL),
    "service": lambda pk: service.launch(mailing_id=pk, trigger=Trigger.API, early=True),
    "status": lambda pk: service.change_status(mailing_id=pk, status="running", actor="boss"),
    "schedule": lambda pk: service.dispatch_due(),
    "compatible API": lambda pk: set_going(mailing=Mailing.objects.get(pk=pk), now=timezone.now()),
    "dry run": lambda pk: service.rehearse(mailing_id=pk, early=True),
}


@pytest.mark.parametrize("start", _STARTS)
def test_nobody_starts_what_was_not_approved(start: str) -> None:
    mailing = mailing_to(1)
    try:
        _STARTS[start](mailing.pk)
    except Refused as refusal:
        assert refusal.code == "approval"
    assert not Run.objects.exists()
    assert Approval.objects.exists() == (start != "dry run"), "it lies before the managers now"


def test_it_waits_and_starts_when_it_is_approved() -> None:
    mailing = mailing_to(2)
    service.dispatch_due()
    mailing.refresh_from_db()
    (card,) = cards_of([mailing], now=timezone.now())
    assert card.reason == "approval" and "approve" in card.next_step
    approve(mailing)
    service.dispatch_due()
    run = Run.objects.get()
    kept = Approval.objects.get(run=run)
    assert kept.decided_by is not None and kept.decided_at is not None


def test_a_long_wait_is_no_missed_start() -> None:
    mailing = mailing_to(1)
    old = timezone.now() - timedelta(hours=3)
    Mailing.objects.update(starts_at=old, scheduled_at=old)
    with pytest.raises(ApprovalNeeded):
        service.launch(mailing_id=mailing.pk, trigger=Trigger.MANUAL)
    Mailing.objects.update(scheduled_at=old)
    approve(mailing)
    service.dispatch_due()
    assert Run.objects.count() == 1


def test_a_draft_that_was_started_manually_starts_once_it_is_approved() -> None:
    mailing = mailing_to(1, scheduled_at=None)
    with pytest.raises(ApprovalNeeded):
        starting.start(mailing_id=mailing.pk, trigger=Trigger.MANUAL)
    approve(mailing)
    service.dispatch_due()
    assert Run.objects.count() == 1


def test_its_start_is_a_time_that_was_approved() -> None:
    ahead = timezone.now() + timedelta(hours=2)
    mailing = mailing_to(1, starts_at=ahead, ends_at=ahead + timedelta(days=1))
    approve(mailing)
    with pytest.raises(ApprovalNeeded, match="approved for its start"):
        starting.start(mailing_id=mailing.pk, trigger=Trigger.MANUAL, early=True)
    assert not Run.objects.exists()


def test_what_was_sent_back_is_not_asked_for_again_as_it_is() -> None:
    mailing = mailing_to(1)
    approve(mailing, yes=False)
    service.dispatch_due()
    assert [one.state for one in Approval.objects.all()] == ["returned"]
    Mailing.objects.update(name="Another")
    service.dispatch_due()
    assert [one.state for one in Approval.objects.order_by("pk")] == ["returned", "waiting"]


def test_the_copy_of_an_approved_one_is_not_approved() -> None:
    mailing = mailing_to(1)
    approve(mailing)
    copy = duplicate_mailing(mailing=mailing, now=timezone.now())
    Mailing.objects.filter(pk=copy.pk).update(starts_at=timezone.now() - timedelta(minutes=1))
    with pytest.raises(ApprovalNeeded):
        service.launch(mailing_id=copy.pk, trigger=Trigger.MANUAL)


def test_sent_once_more_it_is_approved_once_more() -> None:
    mailing = mailing_to(1)
    approve(mailing)
    service.launch(mailing_id=mailing.pk, trigger=Trigger.MANUAL)
    Run.objects.update(state="done", outcome="success")
    Mailing.objects.update(status="completed")
    service.reset(mailing_id=mailing.pk)
    with pytest.raises(ApprovalNeeded):
        service.launch(mailing_id=mailing.pk, trigger=Trigger.MANUAL)


def test_a_repeated_one_is_approved_for_all_its_starts() -> None:
    mailing = mailing_to(1, repeat="FREQ=DAILY", repeat_zone="UTC")
    approve(mailing)
    service.launch(mailing_id=mailing.pk, trigger=Trigger.MANUAL)
    Run.objects.update(state="done", pending=0)
    later = timedelta(minutes=1)
    Mailing.objects.update(
        current_run=2,
        status="created",
        starts_at=mailing.starts_at + later,
        ends_at=mailing.ends_at + later,
    )
    service.launch(mailing_id=mailing.pk, trigger=Trigger.MANUAL)
    kept = Approval.objects.exclude(run=None).order_by("run__number")
    assert [one.run.number for one in kept if one.run] == [1, 2]


def test_in_a_pause_another_message_has_to_be_approved_too() -> None:
    mailing = mailing_to(1)
    approve(mailing)
    run = RunFactory.create(mailing=mailing, state="paused", reason="paused_by_user", pending=1)
    mailing.message.text = "Another {{ unsubscribe_url }}"
    mailing.message.save()
    with pytest.raises(ApprovalNeeded):
        service.replace_content(mailing_id=mailing.pk)
    kept = approve(mailing)
    service.replace_content(mailing_id=mailing.pk)
    kept.refresh_from_db()
    assert kept.run == run


def test_one_more_recipient_is_another_audience() -> None:
    mailing = mailing_to(1)
    approve(mailing)
    service.launch(mailing_id=mailing.pk, trigger=Trigger.MANUAL)
    Run.objects.update(state="queued", frozen_at=timezone.now())
    Mailing.objects.update(name="Another")
    late = RecipientFactory.create(owner=mailing.owner)
    with pytest.raises(ApprovalNeeded):
        service.add_recipient(mailing_id=mailing.pk, recipient_id=late.pk)


def test_a_message_to_one_never_waits() -> None:
    recipient = RecipientFactory.create()
    message = mailing_to(0, owner=recipient.owner).message
    asked = TransactionalMessage(message=message, to=recipient, channel="email", account="email")
    send_transactional(message_request=asked, trigger=Trigger.API)
    assert Run.objects.count() == 1 and not Approval.objects.exists()


@pytest.mark.parametrize(
    ("rule", "own", "people", "waits"),
    [
        ("off", "", 3, False),
        ("off", "always", 1, True),
        ("off", "large", 3, True),
        ("large", "", 2, False),
        ("large", "", 3, True),
        ("always", "off", 3, False),
        ("always", "", 1, True),
    ],
)
def test_which_mailings_wait(
    rule: str, own: str, people: int, waits: bool, settings: LazySettings
) -> None:
    settings.APPROVAL, settings.APPROVAL_ABOVE = rule, 2
    mailing = mailing_to(people, owner=UserFactory.create(approval=own))
    assert approvals.needs_approval(mailing) == waits
