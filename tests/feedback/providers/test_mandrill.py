"""Mandrill: HMAC-SHA1 of the hook's address and its fields; carries our Message-ID as metadata."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from django.conf import LazySettings

from apps.mailings.models import Delivery
from tests.feedback.conftest import SECRET, post
from tests.feedback.providers.exam import HookExam, named


def event(name: str, **msg: Any) -> dict[str, Any]:
    return {"event": name, "ts": 1796000000, "_id": f"{name}-{len(msg)}", "msg": msg}


class TestMandrill(HookExam):
    provider = "mandrill"
    key = "webhook-key-0123456789"
    kind = "application/x-www-form-urlencoded"
    cases = [
        (event("hard_bounce", diag="smtp;550 5.1.1 unknown"), "bounced", "bounced", "bounced"),
        (event("hard_bounce", bounce_description="bad_mailbox"), "bounced", "bounced", "bounced"),
        (event("hard_bounce", diag="smtp;550 5.7.1 spam"), "bounced", "bounced", ""),
        (event("soft_bounce", diag="smtp;552 5.2.2 full"), "bounced", "bounced", ""),
        (event("send"), "sent", "sent", ""),
        (event("deferral"), "deferred", "sent", ""),
        (event("reject"), "rejected", "bounced", ""),
        (event("open"), "opened", "delivered", ""),
        (event("click"), "clicked", "delivered", ""),
        (event("spam"), "complained", "delivered", "complained"),
        (event("unsub"), "unsubscribed", "delivered", "unsubscribed"),
    ]

    @pytest.fixture(autouse=True)
    def behind_a_proxy(self, settings: LazySettings) -> None:
        """What is signed is the address as the provider knows it."""
        settings.SITE_URL = "https://mail.example.org"

    def about(self, event: dict[str, Any], delivery: Delivery) -> dict[str, Any]:
        msg = {
            **event["msg"],
            "email": delivery.address,
            "metadata": {"message_id": named(delivery)},
        }
        return {**event, "_id": f"{event['_id']}-{delivery.pk}", "msg": msg}

    def body(self, event: dict[str, Any]) -> bytes:
        return urlencode({"mandrill_events": json.dumps([event])}).encode()

    def headers(self, body: bytes, key: str) -> dict[str, str]:
        fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        signed = f"https://mail.example.org/hooks/mandrill/{SECRET}/"
        signed += "".join(name + value for name, value in sorted(fields.items()))
        mac = hmac.digest(key.encode(), signed.encode(), "sha1")
        return {"X-Mandrill-Signature": base64.b64encode(mac).decode()}

    def test_a_call_without_events_is_taken(self) -> None:
        body = b"mandrill_events=%5B%5D"
        assert post("mandrill", body, self.headers(body, self.key), kind=self.kind) == 200
