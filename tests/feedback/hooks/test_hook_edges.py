"""Calls of providers that are odd in one place: too many fields, a strange time, broken words."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings

from apps.feedback.models import Event
from apps.feedback.providers import value_at
from apps.mailings.models import Delivery
from tests.feedback.conftest import hooks, post
from tests.feedback.hooks.test_hooks import event, generic
from tests.feedback.providers import test_mandrill, test_postal, test_sendgrid

__all__ = ["hooks"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hooks")]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2026-11-28T10:00:00", "2026-11-28T10:00:00+00:00"),
        ("2026-11-28T10:00:00+03:00", "2026-11-28T10:00:00+03:00"),
        ("yesterday", ""),
    ],
)
def test_the_time_of_an_event_is_kept_as_it_was_reported(
    delivery: Delivery, written: str, kept: str
) -> None:
    assert generic(event(delivery, timestamp=written)) == 200
    assert Event.objects.get().facts["happened_at"] == kept


def test_a_form_with_more_fields_than_anybody_needs_is_refused_unread(
    settings: LazySettings,
) -> None:
    exam = test_mandrill.TestMandrill()
    settings.HOOK_MANDRILL_KEY, settings.SITE_URL = exam.key, "https://mail.example.org"
    body = b"mandrill_events=%5B%5D" + b"".join(b"&field%d=1" % n for n in range(200))
    headers = exam.headers(body, exam.key)
    assert post("mandrill", body, headers, kind=exam.kind) == 200
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
    assert post("mandrill", body, headers, kind=exam.kind) == 403


@pytest.mark.parametrize(
    ("provider", "setting", "key", "header"),
    [
        ("postal", "HOOK_POSTAL_KEY", test_postal.public("ours"), "X-Postal-Signature"),
        (
            "sendgrid",
            "HOOK_SENDGRID_KEY",
            test_sendgrid.public("ours"),
            "X-Twilio-Email-Event-Webhook-Signature",
        ),
    ],
)
def test_a_signature_that_is_no_base64_is_none(
    settings: LazySettings, provider: str, setting: str, key: str, header: str
) -> None:
    setattr(settings, setting, key)
    assert post(provider, b"{}", {header: "???"}) == 403


@pytest.mark.parametrize(
    ("event", "value"),
    [
        ({"custom": '{"message_id": "<1.a@b>"}'}, "<1.a@b>"),
        ({"custom": '{"message_id": '}, ""),
        ({"custom": "plain"}, ""),
        ({"custom": {"message_id": ["<1.a@b>"]}}, ""),
        ({"custom": {"message_id": True}}, "true"),
    ],
)
def test_json_within_json_is_read_as_far_as_it_is_whole(event: dict[str, Any], value: str) -> None:
    assert value_at(event, "custom.message_id") == value
