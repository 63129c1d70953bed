"""MailerSend: HMAC-SHA256 of the body; names the letter as it did when it took it on."""

from __future__ import annotations

import hmac
from typing import Any

from apps.mailings.models import Delivery
from tests.feedback.providers.exam import REMOTE, HookExam


def event(name: str, **morph: str) -> dict[str, Any]:
    return {
        "type": f"activity.{name}",
        "data": {
            "object": "activity",
            "id": f"62f114f8165fe0d8db0288e{name}",
            "type": name,
            "created_at": "2026-11-28T10:00:00.000000Z",
            "morph": {"object": "recipient_bounce", **morph} if morph else None,
        },
    }


class TestMailerSend(HookExam):
    provider = "mailersend"
    key = "signing-secret-0123456789"
    cases = [
        (event("hard_bounced", reason="unknown"), "bounced", "bounced", "bounced"),
        (event("soft_bounced", reason="Mailbox full"), "bounced", "bounced", ""),
        (event("sent"), "sent", "sent", ""),
        (event("delivered"), "delivered", "delivered", ""),
        (event("opened"), "opened", "delivered", ""),
        (event("clicked"), "clicked", "delivered", ""),
        (event("spam_complaint"), "complained", "delivered", "complained"),
        (event("unsubscribed"), "unsubscribed", "delivered", "unsubscribed"),
    ]

    def about(self, event: dict[str, Any], delivery: Delivery) -> dict[str, Any]:
        email = {
            "message": {"object": "message", "id": REMOTE},
            "recipient": {"object": "recipient", "email": delivery.address},
        }
        return {**event, "data": {**event["data"], "email": email}}

    def headers(self, body: bytes, key: str) -> dict[str, str]:
        return {"Signature": hmac.new(key.encode(), body, "sha256").hexdigest()}
