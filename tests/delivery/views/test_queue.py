"""The queue, for people and for programs; and what monitors ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from apps.delivery.models import Heartbeat, WorkerLease
from apps.delivery.monitoring import health
from apps.mailings.models import Delivery
from apps.mailings.models.ledger import STATES
from tests.factories import DeliveryFactory, MailingFactory, RunFactory
from tests.people import HTMX, Cast

pytestmark = pytest.mark.django_db


def poll(cast: Cast, role: str) -> Any:
    return cast.client(role).get("/queue/poll/").json()


def test_the_poll_shows_what_it_promises(cast: Cast) -> None:
    answer = poll(cast, "owner")
    (run,) = answer["active"]
    promised = "id mailing_id name state total percent reason_code reason_text deferred_until"
    promised += " next_run_at rate eta last_progress_at"
    assert set(promised.split()) | set(STATES) <= set(run)
    assert run["total"] == 10 and run["percent"] == 70 and run["sent"] == 6
    assert run["eta"] is not None
    assert answer["active_mailing"] == {"id": cast.mailing.pk, "name": "Весенние новости"}
    assert answer["queued_count"] == 0
    assert answer["next_mailing_at"] is None


def test_a_user_polls_own_runs_and_a_manager_all(cast: Cast) -> None:
    RunFactory.create(state="queued", pending=1, mailing__owner=cast.stranger)
    assert [run["state"] for run in poll(cast, "owner")["active"]] == ["processing"]
    assert poll(cast, "stranger")["queued_count"] == 1
    assert len(poll(cast, "manager")["active"]) == 2


def test_the_next_start_is_reported(cast: Cast) -> None:
    ahead = timezone.now() + timedelta(hours=1)
    MailingFactory.create(owner=cast.owner, starts_at=ahead)
    MailingFactory.create(owner=cast.owner, starts_at=ahead - timedelta(minutes=5), is_active=False)
    assert poll(cast, "owner")["next_mailing_at"][:16] == ahead.isoformat()[:16]
    assert poll(cast, "stranger")["next_mailing_at"] is None


def test_a_wait_is_reported_with_code_and_words(cast: Cast) -> None:
    until = timezone.now() + timedelta(minutes=5)
    RunFactory.create(
        mailing__owner=cast.stranger,
        state="deferred",
        reason="channel_down",
        deferred_until=until,
        pending=3,
    )
    (run,) = poll(cast, "stranger")["active"]
    assert run["reason_code"] == "channel_down"
    assert run["reason_text"] == "mail server unavailable"
    assert run["next_run_at"] == run["deferred_until"] is not None
    assert run["eta"] is None


def test_the_queue_page_is_a_page_and_a_fragment(cast: Cast) -> None:
    assert "Весенние новости" in cast.client("owner").get("/queue/").content.decode()
    assert "<html" not in cast.client("owner").get("/queue/", headers=HTMX).content.decode()
    assert "Весенние новости" not in cast.client("stranger").get("/queue/").content.decode()


def beat(age: timedelta) -> None:
    Heartbeat.objects.create(name="scheduler", beat_at=timezone.now() - age)


def ready() -> tuple[int, dict[str, Any]]:
    response = Client().get("/readyz")
    return response.status_code, response.json()


def test_ready_with_a_fresh_heartbeat(cast: Cast) -> None:
    beat(timedelta(minutes=1))
    status, body = ready()
    assert status == 200
    assert body["status"] == "ready" and body["queue_depth"] == 1
    assert body["scheduler_heartbeat_seconds"] >= 60


def test_not_ready_when_the_scheduler_is_silent() -> None:
    assert ready()[0] == 503
    beat(timedelta(hours=1))
    status, body = ready()
    assert status == 503 and body["scheduler"] is False


def test_not_ready_while_a_dead_lease_holds_deliveries(cast: Cast) -> None:
    beat(timedelta(0))
    now = timezone.now()
    lease = WorkerLease.objects.create(host="h", pid=1, run=cast.run, started_at=now)
    DeliveryFactory.create(run=cast.run, state=Delivery.State.SENDING, token=lease.pk)
    assert ready()[0] == 200
    WorkerLease.objects.update(revoked_at=now)
    status, body = ready()
    assert status == 503 and body["stuck_leases"] == 1


def test_not_ready_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(health, "scheduler_moments", gone)
    status, body = ready()
    assert status == 503 and body["database"] is False


def test_healthz_needs_no_database(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        response = Client().get("/healthz")
    assert response.json() == {"status": "ok"}
    assert "no-cache" in response["Cache-Control"]
