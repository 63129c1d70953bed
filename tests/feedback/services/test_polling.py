"""Letters at Sendsay are followed until it has decided (D046)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from apps.feedback.models import Event
from apps.feedback.services import polling
from apps.feedback.services.polling import FeedbackPolling, Tracking
from apps.mailings.models import Attempt, Delivery, Run, Suppression
from config.account_settings import AccountSettings
from tests import http_service as http
from tests.delivery.engine.workers import assert_equation
from tests.factories import AttemptFactory, DeliveryFactory, RunFactory
from tests.http_service import HttpService, Request

pytestmark = pytest.mark.django_db


class FakeSendsay:
    """``track.get`` by a table of statuses; what is not there is still being worked on."""

    def __init__(self) -> None:
        self.statuses: dict[str, Any] = {}
        self.asked: list[str] = []

    def __call__(self, request: Request) -> Any:
        assert request.json["action"] == "track.get"
        self.asked.append(request.json["id"])
        status = self.statuses.get(request.json["id"], 2)
        return http.json_reply({"obj": {"status": status}})(request)


@pytest.fixture
def sendsay(settings: LazySettings) -> Iterator[FakeSendsay]:
    far = FakeSendsay()
    with HttpService(far) as service:
        url = f"{service.url}/general/api/v100/json/acc"
        account = AccountSettings(kind="sendsay", url=url, token="key", timeout=5)
        settings.ACCOUNTS = {**settings.ACCOUNTS, "sendsay": account}
        yield far


def letters(count: int, **run: Any) -> list[Delivery]:
    """Letters that Sendsay has taken on, with track.id 1, 2, ..."""
    fields = {"state": "done", "outcome": "success", "finished_at": timezone.now(), **run}
    row = RunFactory.create(**{"account": "sendsay", "sent": count, **fields})
    found = DeliveryFactory.create_batch(count, run=row, state="sent")
    for number, delivery in enumerate(found, 1):
        AttemptFactory.create(
            delivery=delivery, account="sendsay", code=200, response=f"track.id={number}"
        )
    return found


def follow(tracking: Tracking, minutes: float = 0) -> int:
    return tracking.follow(timezone.now() + timedelta(minutes=minutes))


def states(found: list[Delivery]) -> list[str]:
    rows = Delivery.objects.filter(pk__in=[one.pk for one in found]).order_by("pk")
    return list(rows.values_list("state", flat=True))


@pytest.mark.parametrize(
    ("status", "state", "decided"),
    [(number, "sent", 0) for number in range(7)]
    + [
        (-1, "sent", 1),  # handed over: no proof of an inbox
        (-2, "bounced", 1),
        (-3, "bounced", 1),
        (-4, "sent", 0),
        (-5, "sent", 0),
        (-6, "bounced", 1),
        (99, "sent", 0),
        ("x", "sent", 0),
    ],
)
def test_every_status_has_its_meaning(
    sendsay: FakeSendsay, status: Any, state: str, decided: int
) -> None:
    found = letters(1)
    sendsay.statuses["1"] = status
    assert follow(Tracking()) == decided
    assert states(found) == [state]
    assert_equation(Run.objects.get())
    assert not Suppression.objects.exists()


def test_what_is_decided_is_asked_for_no_more(sendsay: FakeSendsay) -> None:
    found = letters(3)
    sendsay.statuses = {"1": -1, "2": -2}
    tracking = Tracking()
    assert follow(tracking) == 2
    assert Run.objects.get().outcome == "partial"
    sendsay.asked.clear()
    sendsay.statuses["3"] = -1
    assert follow(tracking, minutes=2) == 1
    assert sendsay.asked == ["3"]
    assert follow(tracking, minutes=4) == 0
    assert sendsay.asked == ["3"]
    assert states(found) == ["sent", "bounced", "sent"]
    assert Event.objects.count() == 3


def test_only_one_process_asks_at_a_time(sendsay: FakeSendsay) -> None:
    letters(1)
    follow(Tracking())
    follow(Tracking())
    assert sendsay.asked == ["1"]


@pytest.mark.parametrize(
    "which", ["old", "another account", "no track.id", "settled", "audit words"]
)
def test_other_letters_are_left_alone(sendsay: FakeSendsay, which: str) -> None:
    old = {"finished_at": timezone.now() - timedelta(days=4)} if which == "old" else {}
    letters(1, **old)
    if which == "another account":
        Attempt.objects.update(account="email")
    if which == "no track.id":
        Attempt.objects.update(response="250 Ok")
    if which == "audit words":
        Attempt.objects.update(response="somebody: track.id=1")
    if which == "settled":
        Delivery.objects.update(state="delivered")
    follow(Tracking())
    assert sendsay.asked == []


def test_a_round_goes_on_where_the_last_one_ended(
    sendsay: FakeSendsay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Letters of another account, and those that take long, keep nobody from being asked for."""
    monkeypatch.setattr(polling, "_ROUND", 2)
    letters(5)
    Attempt.objects.filter(response__in=["track.id=1", "track.id=2"]).update(account="email")
    tracking = Tracking()
    for minutes in range(0, 10, 2):
        follow(tracking, minutes=minutes)
    assert sendsay.asked == ["3", "4", "5", "3", "4"]


def test_a_server_that_is_away_is_asked_again_later(
    sendsay: FakeSendsay, settings: LazySettings
) -> None:
    found = letters(1)
    good = settings.ACCOUNTS["sendsay"]
    gone = good.model_copy(update={"url": "http://127.0.0.1:9/api"})
    settings.ACCOUNTS = {**settings.ACCOUNTS, "sendsay": gone}
    tracking = Tracking()
    assert follow(tracking) == 0
    settings.ACCOUNTS = {**settings.ACCOUNTS, "sendsay": good}
    sendsay.statuses["1"] = -2
    assert follow(tracking, minutes=2) == 1
    assert states(found) == ["bounced"]


def test_the_scheduler_has_the_listener_that_asks(sendsay: FakeSendsay) -> None:
    letters(1)
    FeedbackPolling().run(timezone.now(), lambda: False)
    assert sendsay.asked == ["1"]
