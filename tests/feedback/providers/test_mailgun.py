"""Mailgun: HMAC-SHA256 of time and token, which stand in the body; gives the Message-ID back."""

from __future__ import annotations

import hmac
import json
import time
from hashlib import md5
from typing import Any
from urllib.parse import urlencode

import pytest

from apps.feedback.models import Event
from apps.mailings.models import Delivery
from tests.feedback.conftest import KEY, post
from tests.feedback.providers.exam import HookExam, named

FORM = "application/x-www-form-urlencoded"


def proof(token: str, *, key: str = KEY, age: float = 0) -> dict[str, str]:
    timestamp = str(int(time.time() - age))
    mac = hmac.new(key.encode(), f"{timestamp}{token}".encode(), "sha256").hexdigest()
    return {"timestamp": timestamp, "token": token, "signature": mac}


def event(name: str, **fields: Any) -> dict[str, Any]:
    return {"event": name, "timestamp": 1796000000.5, **fields}


def failed(severity: str, reason: str, code: int, text: str) -> dict[str, Any]:
    found_events = {"code": code, "message": text, "description": ""}
    return event("failed", severity=severity, reason=reason, **{"delivery-status": found_events})


class TestMailgun(HookExam):
    provider = "mailgun"
    key = KEY
    cases = [
        (failed("permanent", "bounce", 550, "5.1.1 unknown"), "bounced", "bounced", "bounced"),
        (failed("permanent", "bounce", 550, "5.7.1 spam"), "bounced", "bounced", ""),
        (failed("permanent", "bounce", 552, "5.2.2 full"), "bounced", "bounced", ""),
        (failed("permanent", "old", 602, "too old"), "bounced", "bounced", ""),
        # Nothing was sent, for what the recipient had said or done earlier.
        (failed("permanent", "suppress-bounce", 605, ""), "bounced", "bounced", "bounced"),
        (failed("permanent", "suppress-complaint", 607, ""), "bounced", "bounced", "complained"),
        (
            failed("permanent", "suppress-unsubscribe", 606, ""),
            "bounced",
            "bounced",
            "unsubscribed",
        ),
        (failed("temporary", "generic", 452, "4.2.2 full"), "deferred", "sent", ""),
        (failed("temporary", "greylisted", 450, "later"), "deferred", "sent", ""),
        (event("rejected", reject={"reason": "Sandbox"}), "rejected", "bounced", ""),
        (event("accepted"), "queued", "sent", ""),
        (event("delivered"), "delivered", "delivered", ""),
        (event("opened"), "opened", "delivered", ""),
        (event("clicked", url="https://example.org"), "clicked", "delivered", ""),
        (event("complained"), "complained", "delivered", "complained"),
        (event("unsubscribed"), "unsubscribed", "delivered", "unsubscribed"),
    ]

    def about(self, event: dict[str, Any], delivery: Delivery) -> dict[str, Any]:
        headers = {"message-id": named(delivery).strip("<>")}
        return {**event, "recipient": delivery.address, "message": {"headers": headers}}

    def body(self, event: dict[str, Any], **how: Any) -> bytes:
        token = md5(json.dumps(event).encode()).hexdigest()
        return json.dumps({"event-data": event, "signature": proof(token, **how)}).encode()

    def headers(self, body: bytes, key: str) -> dict[str, str]:
        return {}

    def test_without_a_signature_or_with_a_wrong_one_nothing_is_believed(self) -> None:
        about = self.about(event("complained"), self.letter())
        for body, kind in (
            (self.body(about, key=self.other_key), "application/json"),
            (self.body(about, age=301), "application/json"),
            (self.body(about, age=-330), "application/json"),
            (json.dumps({"event-data": about}).encode(), "application/json"),
            (json.dumps({"event-data": about, "signature": 7}).encode(), "application/json"),
            (b"event=complained", FORM),
        ):
            assert post(self.provider, body, {}, kind=kind) == 403
        assert not Event.objects.exists()

    def test_a_replayed_token_counts_once(self) -> None:
        delivery = self.letter()
        for name in ("opened", "complained"):
            data = {"event-data": self.about(event(name), delivery), "signature": proof("t")}
            assert post(self.provider, json.dumps(data).encode(), {}) == 200
        assert [found.kind for found in Event.objects.all()] == ["opened"]

    def test_the_form_of_its_older_webhooks_is_read_too(self) -> None:
        delivery = self.letter()
        fields = {
            "event": "bounced",
            "recipient": delivery.address,
            "code": "550",
            "error": "5.1.1 no such user",
            "Message-Id": named(delivery),
        }
        body = urlencode({**fields, **proof("t")}).encode()
        assert post(self.provider, body, {}, kind=FORM) == 200
        delivery.refresh_from_db()
        assert (delivery.state, Event.objects.get().kind) == ("bounced", "bounced")

    @pytest.mark.parametrize("data", [{}, {"event-data": 7}, {"event-data": {"event": []}}])
    def test_nonsense_is_a_bad_request(self, data: dict[str, Any]) -> None:
        body = json.dumps({**data, "signature": proof("t")}).encode()
        assert post(self.provider, body, {}) == 400
