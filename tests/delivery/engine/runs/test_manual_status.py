"""A status changed manually moves the mailing for real, and leaves history that counts nothing."""

from __future__ import annotations

import threading

import pytest

from apps.core.errors import Refused
from apps.core.responses.stored import coded
from apps.delivery.service import DispatchService
from apps.mailings.models import Attempt, Mailing, Run
from tests.delivery.engine.workers import assert_equation
from tests.factories import mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def change(mailing: Mailing, status: str) -> int:
    return DispatchService().change_status(
        mailing_id=mailing.pk, status=status, actor="anna@example.org"
    )


def test_running_sends_to_everybody_and_audit_rows_suppress_nobody() -> None:
    mailing = mailing_to(5)

    assert change(mailing, "running") == 5
    run = Run.objects.get()
    DispatchService().work_until(run.pk, threading.Event())

    run.refresh_from_db()
    assert (run.sent, run.outcome) == (5, "success")
    assert_equation(run)
    audit = Attempt.objects.filter(kind="audit")
    assert set(audit.values_list("trigger", "response")) == {
        ("manual", coded("status_changed", "created", "running", "anna@example.org"))
    }
    assert Attempt.objects.filter(kind="delivery", status="success").count() == 5


def test_completed_stops_and_created_opens_the_next_run() -> None:
    mailing = mailing_to(3)
    change(mailing, "running")

    assert change(mailing, "completed") == 3
    mailing.refresh_from_db()
    assert (mailing.status, Run.objects.get().outcome) == ("completed", "cancelled")

    assert change(mailing, "created") == 3
    mailing.refresh_from_db()
    assert (mailing.status, mailing.current_run) == ("created", 2)
    assert Attempt.objects.filter(kind="audit").count() == 9


def test_a_status_that_cannot_be_reached_changes_nothing() -> None:
    mailing = mailing_to(2)
    Mailing.objects.filter(pk=mailing.pk).update(is_active=False)
    with pytest.raises(Refused):
        change(mailing, "running")
    assert Attempt.objects.count() == 0
    assert change(mailing, "created") == 0
