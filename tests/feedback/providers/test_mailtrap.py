"""Mailtrap: HMAC-SHA256 of the body; carries our Message-ID among the custom variables."""

from __future__ import annotations

import hmac
from typing import Any

from apps.mailings.models import Delivery
from tests.feedback.providers.exam import HookExam, named


def event(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "event": name,
        "message_id": "8d2bbc4e-0000-0000-0000-000000000000",
        "event_id": f"id-{name}-{len(fields)}",
        "timestamp": 1796000000,
        **fields,
    }


class TestMailtrap(HookExam):
    provider = "mailtrap"
    key = "signing-secret-0123456789"
    cases = [
        (event("bounce", response="550 5.1.1 unknown"), "bounced", "bounced", "bounced"),
        (event("bounce", bounce_category="badmailbox"), "bounced", "bounced", "bounced"),
        (
            event("bounce", response="550 5.7.1 spam", bounce_category="spam"),
            "bounced",
            "bounced",
            "",
        ),
        (event("soft bounce"), "deferred", "sent", ""),
        (event("suspension"), "deferred", "sent", ""),
        (event("reject", reason="blocked"), "rejected", "bounced", ""),
        (event("delivery"), "delivered", "delivered", ""),
        (event("open"), "opened", "delivered", ""),
        (event("click"), "clicked", "delivered", ""),
        (event("spam"), "complained", "delivered", "complained"),
        (event("unsubscribe"), "unsubscribed", "delivered", "unsubscribed"),
    ]

    def about(self, event: dict[str, Any], delivery: Delivery) -> dict[str, Any]:
        carried = {"message_id": named(delivery)}
        return {"events": [{**event, "email": delivery.address, "custom_variables": carried}]}

    def headers(self, body: bytes, key: str) -> dict[str, str]:
        return {"Mailtrap-Signature": hmac.new(key.encode(), body, "sha256").hexdigest()}
