"""What the tests of feedback share: a letter that is out, and hooks that are open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from apps.mailings.models import Delivery
from tests.factories import DeliveryFactory, RunFactory

SECRET = "hook-secret-0123456789-0123456789"
KEY = "key-0123456789abcdef"
JSON = "application/json"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces"


@pytest.fixture
def hooks(settings: LazySettings) -> None:
    """Every hook is open."""
    settings.HOOK_SECRET = SECRET
    settings.HOOK_MAILGUN_KEY = settings.HOOK_GENERIC_KEY = KEY
    settings.HOOK_SES_TOPICS = frozenset({TOPIC})


def sent(state: str = "sent", **fields: Any) -> Delivery:
    """A delivery of a run that is done."""
    run = RunFactory.create(state="done", outcome="success", **{state: 1})
    return DeliveryFactory.create(run=run, state=state, **fields)


def message_id(delivery: Delivery) -> str:
    """The Message-ID that its letter carried."""
    return f"<{delivery.pk}.{delivery.run.key}@example.org>"


@pytest.fixture
def delivery(db: None) -> Iterator[Delivery]:
    """A letter to anna@example.org that is out."""
    yield sent(recipient__email="anna@example.org")


def post(
    provider: str, body: bytes, headers: dict[str, str], secret: str = SECRET, kind: str = JSON
) -> int:
    """The status of a call to a hook, which never answers a word."""
    client = Client(enforce_csrf_checks=True)
    url = f"/hooks/{provider}/{secret}/"
    response = client.post(url, body, content_type=kind, headers=headers)
    assert response.content == b"" or response.status_code == 404
    return response.status_code
