"""What persons do to runs stands in the audit log, in the transaction of the act."""

from __future__ import annotations

import pytest

from apps.core.errors import Refused
from apps.delivery.service import DispatchService
from apps.users.models import AuditEntry
from tests.delivery.engine.workers import processing_run, send
from tests.factories import RecipientFactory, mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def acts(mailing_id: int) -> list[tuple[str, object]]:
    """The acts on this mailing's runs with the run's number, oldest first."""
    rows = AuditEntry.objects.filter(object_type="mailings.mailing", object_id=mailing_id)
    found = rows.filter(details__has_key="run").order_by("pk")
    return [(entry.act, entry.details["run"]) for entry in found]


def test_start_pause_resume_and_stop_are_noted() -> None:
    mailing = mailing_to(2)
    service = DispatchService()
    service.launch(mailing_id=mailing.pk, trigger="manual")
    service.pause(mailing_id=mailing.pk)
    service.resume(mailing_id=mailing.pk)
    service.stop(mailing_id=mailing.pk)
    names = ["launched", "paused", "resumed", "stopped"]
    assert acts(mailing.pk) == [(name, 1) for name in names]
    launched = AuditEntry.objects.get(act="launched")
    assert launched.object_name == mailing.name
    assert launched.details == {"run": 1, "trigger": "manual"}


def test_a_refused_act_leaves_no_entry() -> None:
    mailing = mailing_to(1)
    for act in ("resume", "stop", "reset"):
        with pytest.raises(Refused):
            getattr(DispatchService(), act)(mailing_id=mailing.pk)
    assert acts(mailing.pk) == []


def test_sending_on_after_the_end_is_noted_with_how_many() -> None:
    run = processing_run(3)
    service = DispatchService()
    service.stop(mailing_id=run.mailing_id)
    service.send_remaining(mailing_id=run.mailing_id)
    entry = AuditEntry.objects.get(act="continued")
    assert (entry.object_id, entry.count) == (run.mailing_id, 3)


def test_a_reset_and_a_manual_status_are_noted() -> None:
    run = processing_run(1)
    send(run.mailing)
    service = DispatchService()
    service.reset(mailing_id=run.mailing_id)
    service.change_status(mailing_id=run.mailing_id, status="completed", actor="x@example.org")
    assert [act for act, _run in acts(run.mailing_id)] == ["launched", "reset", "status_set"]


def test_one_more_recipient_is_noted() -> None:
    run = processing_run(1)
    person = RecipientFactory.create(owner=run.mailing.owner)
    DispatchService().add_recipient(mailing_id=run.mailing_id, recipient_id=person.pk)
    assert AuditEntry.objects.get(act="joined").details["recipient"] == person.pk


def test_sending_itself_leaves_no_entry() -> None:
    run = processing_run(3)
    before = AuditEntry.objects.count()
    send(run.mailing)
    assert AuditEntry.objects.count() == before
