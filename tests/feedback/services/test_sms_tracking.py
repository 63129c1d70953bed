"""Text messages are asked for where their provider does not call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.conf import LazySettings
from django.utils import timezone

from apps.feedback.models import Event
from apps.feedback.services.polling import Tracking
from apps.mailings.models import Delivery, Run, Suppression
from config.account_settings import AccountSettings
from tests import http_service as http
from tests.delivery.engine.workers import assert_equation
from tests.factories import AttemptFactory, DeliveryFactory, RunFactory
from tests.http_service import HttpService, Request

pytestmark = pytest.mark.django_db


class FakeSmsc:
    """``status.php`` by a table of statuses; a message that is not there is not decided."""

    def __init__(self) -> None:
        self.statuses: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str]] = []

    def __call__(self, request: Request) -> Any:
        found = parse_qs(request.body.decode())
        self.asked.append((found["id"][0], found["phone"][0]))
        return http.json_reply(self.statuses.get(found["id"][0], {"status": 0}))(request)


@pytest.fixture
def smsc(settings: LazySettings) -> Iterator[FakeSmsc]:
    fake = FakeSmsc()
    with HttpService(fake) as service:
        keys = {"provider": "smsc", "username": "a", "password": "b", "url": service.url}
        account = AccountSettings(kind="sms", timeout=5, **keys)
        settings.ACCOUNTS = {**settings.ACCOUNTS, "texts": account}
        yield fake


def texts(count: int) -> list[Delivery]:
    run = RunFactory.create(
        account="texts", sent=count, state="done", outcome="success", finished_at=timezone.now()
    )
    found = []
    for number in range(1, count + 1):
        one = DeliveryFactory.create(
            run=run, state="sent", channel="phone", address=f"7916000000{number}"
        )
        AttemptFactory.create(delivery=one, account="texts", code=200, response=f"id={number}")
        found.append(one)
    return found


def states(found: list[Delivery]) -> list[str]:
    rows = Delivery.objects.filter(pk__in=[one.pk for one in found]).order_by("pk")
    return list(rows.values_list("state", flat=True))


def test_each_is_asked_for_with_its_phone_until_it_is_decided(smsc: FakeSmsc) -> None:
    found = texts(4)
    smsc.statuses = {
        "1": {"status": 1, "err": 0},
        "2": {"status": 20, "err": 6},
        "3": {"status": 20, "err": 1},
    }
    tracking, now = Tracking(), timezone.now()
    assert tracking.follow(now) == 3
    assert smsc.asked[0] == ("1", "79160000001") and len(smsc.asked) == 4
    assert states(found) == ["delivered", "bounced", "bounced", "sent"]
    assert Suppression.objects.count() == 1  # only who does not exist
    assert_equation(Run.objects.get())
    replies = Event.objects.order_by("pk").values_list("facts__words", flat=True)
    assert list(replies) == ["@sms_status 1 0", "@sms_status 20 6", "@sms_status 20 1"]

    smsc.asked.clear()
    smsc.statuses["4"] = {"status": 1}
    assert tracking.follow(now + timedelta(minutes=2)) == 1
    assert [remote for remote, _phone in smsc.asked] == ["4"]


def test_a_provider_that_calls_is_not_asked(smsc: FakeSmsc, settings: LazySettings) -> None:
    texts(1)
    keys = {"provider": "vonage", "username": "a", "password": "b", "sender": "c"}
    account = AccountSettings(kind="sms", url="http://127.0.0.1:1", **keys)
    settings.ACCOUNTS = {**settings.ACCOUNTS, "texts": account}
    assert Tracking().follow(timezone.now()) == 0
    assert smsc.asked == []
