"""SparkPost: basic auth; carries our Message-ID as metadata of the recipient."""

from __future__ import annotations

import json
from typing import Any

from apps.mailings.models import Delivery
from tests.feedback.conftest import post
from tests.feedback.providers.exam import HookExam, basic, named


def event(name: str, **fields: Any) -> dict[str, Any]:
    return {"type": name, "timestamp": "1796000000", **fields}


class TestSparkPost(HookExam):
    provider = "sparkpost"
    key = "hook:long-password"
    cases = [
        (
            event("bounce", bounce_class="10", raw_reason="550 5.1.1 unknown"),
            "bounced",
            "bounced",
            "bounced",
        ),
        (event("bounce", bounce_class="30"), "bounced", "bounced", "bounced"),
        (event("out_of_band", bounce_class="22"), "bounced", "bounced", ""),
        (event("bounce", bounce_class="51"), "bounced", "bounced", ""),
        (event("bounce", bounce_class="60"), "autoresponded", "sent", ""),
        (event("policy_rejection", bounce_class="25"), "rejected", "bounced", ""),
        (event("injection"), "queued", "sent", ""),
        (event("delivery"), "delivered", "delivered", ""),
        (event("delay", bounce_class="20"), "deferred", "sent", ""),
        (event("open"), "opened", "delivered", ""),
        (event("click"), "clicked", "delivered", ""),
        (event("generation_failure"), "failed", "bounced", ""),
        (event("spam_complaint"), "complained", "delivered", "complained"),
        (event("list_unsubscribe"), "unsubscribed", "delivered", "unsubscribed"),
    ]

    def about(self, event: dict[str, Any], delivery: Delivery) -> dict[str, Any]:
        return {
            **event,
            "event_id": f"e-{delivery.pk}",
            "raw_rcpt_to": delivery.address,
            "rcpt_meta": {"message_id": named(delivery)},
        }

    def body(self, event: dict[str, Any]) -> bytes:
        return json.dumps([{"msys": {"message_event": event}}]).encode()

    def headers(self, body: bytes, key: str) -> dict[str, str]:
        return basic(key)

    def test_a_ping_is_taken(self) -> None:
        assert post("sparkpost", b'[{"msys": {}}]', basic(self.key)) == 200
