"""Brevo: basic auth; gives the Message-ID of the letter back."""

from __future__ import annotations

from typing import Any

from apps.mailings.models import Delivery
from tests.feedback.providers.exam import HookExam, basic, named


def event(name: str, **fields: Any) -> dict[str, Any]:
    return {"event": name, "id": 7, "ts_epoch": 1796000000000, "subject": "News", **fields}


class TestBrevo(HookExam):
    provider = "brevo"
    key = "hook:long-password"
    cases = [
        (event("hard_bounce", reason="550 5.1.1 no such user"), "bounced", "bounced", "bounced"),
        (event("hard_bounce", reason="refused"), "bounced", "bounced", "bounced"),
        (event("hard_bounce", reason="550 5.7.1 spam"), "bounced", "bounced", ""),
        (event("soft_bounce", reason="452 4.2.2 full"), "bounced", "bounced", ""),
        (event("invalid_email"), "bounced", "bounced", "bounced"),
        (event("blocked"), "rejected", "bounced", ""),
        (event("request"), "queued", "sent", ""),
        (event("delivered"), "delivered", "delivered", ""),
        (event("deferred"), "deferred", "sent", ""),
        (event("unique_opened"), "opened", "delivered", ""),
        (event("click", link="https://example.org"), "clicked", "delivered", ""),
        (event("spam"), "complained", "delivered", "complained"),
        (event("unsubscribe"), "unsubscribed", "delivered", "unsubscribed"),
        (event("error"), "failed", "bounced", ""),
    ]

    def about(self, event: dict[str, Any], delivery: Delivery) -> dict[str, Any]:
        return {**event, "email": delivery.address, "message-id": named(delivery)}

    def headers(self, body: bytes, key: str) -> dict[str, str]:
        return basic(key)
