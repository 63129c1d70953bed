"""What Prometheus calls a counter only grows (D8)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.test import Client

from apps.mailings.ledger import dialect, runs
from apps.mailings.ledger.delivery_reports import Report, apply_all
from apps.mailings.models import Delivery, Run
from tests.delivery.engine.workers import send
from tests.factories import mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def figures(settings: LazySettings, client: Client) -> Callable[[], dict[str, float]]:
    settings.METRICS_TOKEN = "secret"

    def read() -> dict[str, float]:
        page = client.get("/metrics", headers={"Authorization": "Bearer secret"})
        found = re.findall(r"^(mailings_\w+_total\{.*\}) ([\d.]+)$", page.content.decode(), re.M)
        return {name: float(value) for name, value in found}

    return read


def reported() -> None:
    """A report says of a sent message that it was delivered."""
    from django.db import transaction

    delivery = Delivery.objects.filter(state="sent").first()
    assert delivery is not None
    with transaction.atomic():
        run = runs.lock(delivery.run_id)
        assert run is not None
        apply_all(run, [Report(delivery.pk)], "delivered", by="test")


def deleted() -> None:
    Run.objects.all().delete()


@pytest.mark.parametrize("happens", [reported, deleted])
def test_a_counter_never_goes_down(
    happens: Callable[[], None], figures: Callable[[], dict[str, float]]
) -> None:
    send(mailing_to(4))
    before = figures()
    (name,) = before
    assert 'outcome="sent"' in name and before[name] == 4
    happens()
    assert figures() == before
    send(mailing_to(2))
    assert figures()[name] == 6
    assert dialect.database_now()
