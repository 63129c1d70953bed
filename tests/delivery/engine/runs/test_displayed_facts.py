"""Small things that pages say of runs, and that must be true (U21)."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone, translation

from apps.delivery.engine.worker.checkpoint import max_rate
from apps.delivery.engine.worker.rescue import Rescuer
from apps.delivery.monitoring.notifications import notify_owners
from apps.delivery.service import DispatchService
from apps.mailings.models import Delivery, Run
from apps.mailings.selectors.failures import failures_of
from apps.reports.notifications import render
from apps.users.models import Notification
from tests.delivery.engine.workers import MortalWorker, processing_run

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    ("limits", "top"),
    [({}, float("inf")), ({"second": 2}, 2), ({"second": 2, "minute": 60}, 1), ({"hour": 1}, 1e9)],
)
def test_no_speed_above_the_limit_is_shown(limits: dict[str, int], top: float) -> None:
    assert min(max_rate(limits), 1e9) == min(top, 1e9)


def test_a_delivery_that_a_crash_left_open_has_been_tried_once(tmp_path: Path) -> None:
    run = processing_run(2)
    worker = MortalWorker(run, tmp_path)
    first, second = worker.claims(2)
    worker.lease.allow(0, first.delivery_id)
    worker.dies()
    Rescuer(lease_seconds=0.0, policy="hold").recover()
    tries = dict(Delivery.objects.filter(run=run).values_list("state", "tries"))
    assert tries == {"unknown": 1, "pending": 0}
    for row in Delivery.objects.filter(run=run):
        assert row.attempts.count() == row.tries
    assert second


def test_a_stopped_run_is_noticed_as_stopped() -> None:
    run = processing_run(3)
    Delivery.objects.filter(run=run, position=1).update(state="failed")
    Run.objects.filter(pk=run.pk).update(pending=2, failed=1)
    DispatchService().stop(mailing_id=run.mailing_id)
    notify_owners(timezone.now())
    with translation.override("en"):
        text = render(Notification.objects.get()).text
    assert "was stopped" in text and "not everybody got it" not in text


def test_of_a_paused_run_nothing_is_promised_on_its_own() -> None:
    run = processing_run(1)
    Delivery.objects.update(tries=1, not_before=timezone.now(), code=451, response="later")
    Run.objects.update(state="paused", reason="account_disabled")
    run.refresh_from_db()
    with translation.override("en"):
        (failure,) = failures_of(run)
    assert "automatically" not in failure.next_step


def test_what_cannot_be_reached_depends_on_the_channel() -> None:
    names = {
        channel: Run(channel=channel, reason="channel_down").get_reason_display()
        for channel in ("email", "phone", "telegram")
    }
    assert len(set(names.values())) == 3
    assert "mail server" in names["email"]
