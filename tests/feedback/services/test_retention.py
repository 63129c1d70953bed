"""Old events are forgotten in chunks; what followed from them stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.feedback.models import Event
from apps.feedback.services import retention
from apps.feedback.services.retention import forget_old
from apps.mailings.models import Delivery, RetentionRun, Suppression
from apps.mailings.services.privacy.retention import KEPT as KINDS
from apps.mailings.services.privacy.retention import count_old, remove_old

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
KEPT = timedelta(days=400)


def event(number: int, age: timedelta, **fields: Any) -> Event:
    return Event.objects.create(
        provider="p",
        event_id=str(number),
        kind="bounced",
        received_at=NOW - age,
        settled_at=NOW - age,
        **fields,
    )


def turn(turns: int = 9) -> list[str]:
    """What is left after so many chunks at most."""
    asked = iter(range(turns))
    remove_old("events", now=NOW, stopping=lambda: next(asked, None) is None)
    return [row.event_id for row in Event.objects.order_by("pk")]


def test_only_what_is_older_than_it_is_kept_goes(delivery: Delivery) -> None:
    Suppression.objects.create(
        owner=delivery.run.mailing.owner, channel="email", address="a@example.org"
    )
    event(1, KEPT + timedelta(days=1), delivery=delivery)
    event(2, KEPT + timedelta(seconds=1))
    event(3, KEPT)
    event(4, timedelta())
    assert count_old("events", now=NOW) == 2
    assert turn() == ["3", "4"]
    delivery.refresh_from_db()
    assert delivery.state == "sent"
    assert Suppression.objects.exists()


def test_many_go_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CHUNK", 2)
    for number in range(5):
        event(number, KEPT * 2)
    event(5, timedelta())
    assert forget_old(NOW, KEPT.days) == 2
    assert turn(0) == ["2", "3", "4", "5"]
    assert turn(1) == ["4", "5"]
    row = RetentionRun.objects.get(name="events")
    assert (row.total, row.ran_at < NOW) == (2, True)
    assert turn() == ["5"]
    row.refresh_from_db()
    assert (row.total, row.ran_at) == (3, NOW)


def test_with_nothing_old_a_turn_is_one_look(django_assert_num_queries: Any) -> None:
    event(1, timedelta())
    with django_assert_num_queries(1):
        KINDS["events"].remove(NOW, KEPT.days)
