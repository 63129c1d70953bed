"""Resend: signed as Svix signs; gives the Message-ID or the letter's headers back."""

from __future__ import annotations

import base64
import hmac
import time
from typing import Any

from apps.mailings.models import Delivery
from tests.feedback.conftest import post
from tests.feedback.providers.exam import HookExam, named

SECRETS = {f"whsec_{base64.b64encode(raw).decode()}": raw for raw in (b"a" * 24, b"b" * 24)}
KEY, OTHER = SECRETS


def bounce(kind: str, text: str) -> dict[str, Any]:
    return {
        "type": "email.bounced",
        "data": {"bounce": {"type": kind, "subType": "General", "message": text}},
    }


def event(name: str) -> dict[str, Any]:
    return {"type": f"email.{name}", "data": {}}


class TestResend(HookExam):
    provider = "resend"
    key = KEY
    other_key = OTHER
    cases = [
        (bounce("Permanent", "sent a hard bounce message"), "bounced", "bounced", "bounced"),
        (bounce("Transient", "inbox was full"), "bounced", "bounced", ""),
        (event("sent"), "sent", "sent", ""),
        (event("delivered"), "delivered", "delivered", ""),
        (event("delivery_delayed"), "deferred", "sent", ""),
        (event("opened"), "opened", "delivered", ""),
        (event("clicked"), "clicked", "delivered", ""),
        (event("complained"), "complained", "delivered", "complained"),
    ]

    def about(self, event: dict[str, Any], delivery: Delivery) -> dict[str, Any]:
        data = {
            **event["data"],
            "email_id": "56761188-7520-42d8-8898-ff6fc54ce618",
            "to": [delivery.address],
            "message_id": named(delivery),
        }
        return {**event, "created_at": "2026-11-28T10:00:00.000Z", "data": data}

    def headers(self, body: bytes, key: str, *, age: float = 0) -> dict[str, str]:
        number = "msg_" + str(hash(body))
        timestamp = str(int(time.time() - age))
        signed = f"{number}.{timestamp}.".encode() + body
        mac = base64.b64encode(hmac.digest(SECRETS[key], signed, "sha256")).decode()
        return {
            "svix-id": number,
            "svix-timestamp": timestamp,
            "svix-signature": f"v1,{'A' * 44} v1,{mac}",
        }

    def test_an_old_call_is_refused(self) -> None:
        body = self.body(self.about(event("opened"), self.letter()))
        assert post("resend", body, self.headers(body, self.key, age=400)) == 403
