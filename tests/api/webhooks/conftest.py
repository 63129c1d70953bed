"""A receiver on this machine, and a dispatcher that is run manually."""

from __future__ import annotations

import hmac
import json
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from apps.api.webhooks import client
from apps.api.webhooks.dispatcher import WebhookDispatcher
from apps.api.webhooks.models import Webhook, WebhookCall
from apps.api.webhooks.signing import secret_of
from apps.delivery.channels.http.client import Timeouts
from apps.users.models import User
from tests.factories import WebhookFactory
from tests.http_service import HttpService, Request, empty


def is_signed(request: Request, secret: str) -> bool:
    """By the words of the specification, and not by our code."""
    key = b64decode(secret.removeprefix("whsec_"))
    stamp = request.headers["webhook-timestamp"]
    signed = f"{request.headers['webhook-id']}.{stamp}.".encode() + request.body
    good = "v1," + b64encode(hmac.new(key, signed, "sha256").digest()).decode()
    fresh = abs(time.time() - int(stamp)) < 60
    return fresh and good in request.headers["webhook-signature"].split(" ")


def events(receiver: HttpService) -> list[dict[str, Any]]:
    """Everything that the receiver got, in its order."""
    return [event for request in receiver.requests for event in json.loads(request.body)["events"]]


def ids(receiver: HttpService) -> list[str]:
    return [event["id"] for event in events(receiver)]


class Dispatch:
    """The follower's turns. The first ones only find out how far the history may be read."""

    def __init__(self) -> None:
        self.dispatcher = WebhookDispatcher()

    def run_rounds(self) -> None:
        for _round in range(3):
            self.dispatcher.run(timezone.now(), lambda: False)

    def run_rounds_when_due(self) -> None:
        """As if the wait for the next try were over."""
        WebhookCall.objects.exclude(next_try=None).update(next_try="2000-01-01T00:00:00Z")
        self.run_rounds()


@pytest.fixture
def receiver() -> Iterator[HttpService]:
    with HttpService(empty(204)) as service:
        yield service


@pytest.fixture
def dispatch(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Dispatch:
    settings.WEBHOOK_ALLOW_LOCAL = True
    monkeypatch.setattr(client, "TIMEOUTS", Timeouts(connect=0.6, read=0.6, total=0.6))
    return Dispatch()


def webhook_to(receiver: HttpService, owner: User | None = None, **fields: Any) -> Webhook:
    """A webhook to this receiver."""
    owned = {"owner": owner} if owner is not None else {}
    return WebhookFactory.create(url=f"{receiver.url}/hooks?from=vestnik", **owned, **fields)


def all_signed(receiver: HttpService, webhook: Webhook) -> bool:
    return all(is_signed(request, secret_of(webhook)) for request in receiver.requests)
