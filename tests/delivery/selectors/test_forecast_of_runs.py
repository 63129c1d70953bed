"""When a run will be through, by what its accounts did before and what stands in its way now."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.delivery.selectors.forecast import GUESS, forecast, forecast_of
from apps.mailings.models import RunRoute
from tests.delivery.engine.conftest import Declare, declare
from tests.factories import RunFactory

__all__ = ["declare"]
pytestmark = pytest.mark.django_db

NOW = timezone.now()
FAR = NOW + timedelta(days=2)


def seconds(done_at: datetime | None) -> float:
    assert done_at is not None
    return (done_at - NOW).total_seconds()


@pytest.mark.parametrize(
    ("took", "expected"), [(timedelta(seconds=100), 10.0), (timedelta(0), 100 / GUESS)]
)
def test_an_account_is_as_fast_as_it_was_the_last_time(took: timedelta, expected: float) -> None:
    RunFactory.create(state="done", sent=1000, started_at=NOW - took, finished_at=NOW)
    found = forecast(account="email", count=100, now=NOW, ends_at=FAR)
    assert seconds(found.done_at) == pytest.approx(expected, abs=0.01)


def test_the_channel_that_waits_longest_is_the_last_to_be_through(declare: Declare) -> None:
    declare("sms")
    run = RunFactory.create(state="processing", pending=10, rate=2.0)
    routes = [
        RunRoute(run=run, position=1, channel="email", account="email", count=4),
        RunRoute(
            run=run,
            position=2,
            channel="phone",
            account="sms",
            count=6,
            reason="rate_limit",
            until=NOW + timedelta(hours=1),
        ),
    ]
    both = forecast_of(run, routes, now=NOW, ends_at=FAR)
    first = forecast_of(run, routes[:1], now=NOW, ends_at=FAR)
    assert both is not None and first is not None
    assert seconds(first.done_at) == pytest.approx(4 / 2.0, abs=0.01)
    assert seconds(both.done_at) == pytest.approx(3600 + 6 / GUESS, abs=0.01)


def test_of_an_account_that_is_declared_no_more_nothing_is_foretold() -> None:
    run = RunFactory.create(state="processing", pending=5, account="gone")
    assert forecast_of(run, [], now=NOW, ends_at=FAR) is None
