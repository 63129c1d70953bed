"""No attempt is passed by, whatever the order in which transactions commit."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from apps.mailings.horizon import Horizon, newest_attempt
from apps.mailings.models import Consent, Delivery, Run
from tests.api.webhooks.conftest import Dispatch, ids, webhook_to
from tests.api.webhooks.test_events import attempts_of
from tests.api.webhooks.test_people import consent_of
from tests.factories import AttemptFactory, DeliveryFactory, RecipientFactory
from tests.http_service import HttpService

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

only_on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one writer at a time"
)


@contextmanager
def uncommitted_attempt(delivery: Delivery) -> Iterator[list[int]]:
    """An attempt that another connection has written and commits only at the end of the block."""
    written, end = threading.Event(), threading.Event()
    made: list[int] = []

    def write() -> None:
        try:
            with transaction.atomic():
                made.append(AttemptFactory.create(delivery=delivery).pk)
                written.set()
                assert end.wait(20)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(write)
        assert written.wait(20)
        try:
            yield made
        finally:
            end.set()
        done.result()


@only_on_postgresql
def test_it_waits_for_a_transaction_that_is_still_open() -> None:
    horizon = Horizon()
    delivery = DeliveryFactory.create()
    first = AttemptFactory.create(delivery=delivery).pk
    for _round in range(2):
        horizon.safe_id()
    assert horizon.safe_id() == first
    with uncommitted_attempt(delivery) as (slow,):
        quick = AttemptFactory.create(delivery=delivery).pk
        assert first < slow < quick == newest_attempt()
        for _round in range(5):
            assert horizon.safe_id() == first
    for _round in range(2):
        horizon.safe_id()
    assert horizon.safe_id() == quick


@only_on_postgresql
def test_consents_have_a_horizon_of_their_own() -> None:
    horizon, person = Horizon(Consent), RecipientFactory.create()
    written, end = threading.Event(), threading.Event()

    def write() -> None:
        try:
            with transaction.atomic():
                consent_of(person)
                written.set()
                assert end.wait(20)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(write)
        assert written.wait(20)
        later = consent_of(person).pk
        for _round in range(3):
            assert horizon.safe_id() == 0
        end.set()
        done.result()
    for _round in range(2):
        horizon.safe_id()
    assert horizon.safe_id() == later


@only_on_postgresql
def test_what_is_committed_late_is_reported_in_its_place(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = webhook_to(receiver, runs=False)
    first = attempts_of(webhook.owner, 1)
    delivery = DeliveryFactory.create(run=Run.objects.get())
    with uncommitted_attempt(delivery) as (slow,):
        later = attempts_of(webhook.owner, 1)
        dispatch.run_rounds()
        reported_meanwhile = ids(receiver)
    dispatch.run_rounds()
    assert later[0] not in reported_meanwhile
    assert ids(receiver) == [*first, f"attempt-{slow}", *later]


def test_without_open_transactions_it_reaches_the_newest() -> None:
    horizon = Horizon()
    assert horizon.safe_id() == 0
    newest = AttemptFactory.create().pk
    for _round in range(2):
        horizon.safe_id()
    assert horizon.safe_id() == newest
