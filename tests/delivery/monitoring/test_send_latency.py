"""The times of hand-overs: every attempt is counted once, however often it is asked."""

from __future__ import annotations

from typing import Any

import pytest

from apps.delivery.models import SendLatency
from apps.delivery.monitoring import send_latency
from apps.mailings.models import Attempt
from tests.factories import AttemptFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def buckets() -> dict[str, int]:
    """The buckets that differ from the one below them."""
    row = send_latency.collect()
    below, found = 0, {}
    for name in (*send_latency.BOUNDS, "+Inf"):
        if row.counts.get(name, 0) != below:
            below = found[name] = row.counts[name]
    return found


def test_every_attempt_is_counted_once() -> None:
    assert buckets() == {}
    AttemptFactory.create(seconds=0.01)
    AttemptFactory.create(seconds=0.02)
    AttemptFactory.create(seconds=99.0, status="failure")
    AttemptFactory.create(seconds=0.1, kind="audit")
    AttemptFactory.create(seconds=0.0, status="failure")  # never handed over
    assert buckets() == buckets() == {"0.01": 1, "0.05": 2, "+Inf": 3}
    AttemptFactory.create(seconds=0.3)
    assert buckets() == {"0.01": 1, "0.05": 2, "0.5": 3, "+Inf": 4}
    assert SendLatency.objects.get().seconds == pytest.approx(99.33)


def test_what_is_deleted_stays_counted() -> None:
    AttemptFactory.create(seconds=0.02)
    before = buckets()
    Attempt.objects.all().delete()
    AttemptFactory.create(seconds=0.02)
    assert (before, buckets()) == ({"0.05": 1}, {"0.05": 2})


def test_many_are_counted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    AttemptFactory.create_batch(5, seconds=0.02)
    newest = Attempt.objects.latest("pk").pk
    SendLatency.objects.create(pk=1, cursor=newest - 5)
    monkeypatch.setattr(send_latency, "CHUNK", 2)
    assert [buckets()["0.05"] for _ in range(4)] == [2, 4, 5, 5]


def test_a_process_that_was_slower_counts_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    AttemptFactory.create(seconds=0.02)
    counted: Any = send_latency._counted

    def overtaken(after: int, upto: int) -> Any:
        monkeypatch.setattr(send_latency, "_counted", counted)
        buckets()
        return counted(after, upto)

    monkeypatch.setattr(send_latency, "_counted", overtaken)
    assert buckets() == {"0.05": 1}
