"""UniSender Go: MD5 of the body with the key in it; carries our Message-ID as metadata."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.test import Client

from apps.mailings.models import Delivery
from tests.feedback.conftest import SECRET, post
from tests.feedback.providers.exam import HookExam, named

KEY = "6x5cq1e3kqnqy5w8rg7d8mbk3fwqs8ze"


def event(status: str, delivery_status: str = "", answer: str = "") -> dict[str, Any]:
    info = {"delivery_status": delivery_status, "destination_response": answer}
    return {
        "status": status,
        "job_id": "1ZymBc-00041N-9X",
        "event_time": "2026-11-28 10:00:00",
        "delivery_info": info if delivery_status else {},
    }


class TestUnisenderGo(HookExam):
    provider = "unisender_go"
    key = KEY
    cases = [
        (
            event("hard_bounced", "err_user_unknown", "550 5.1.1 unknown"),
            "bounced",
            "bounced",
            "bounced",
        ),
        (event("hard_bounced", "err_user_unknown"), "bounced", "bounced", "bounced"),
        (event("hard_bounced", "err_domain_inactive"), "bounced", "bounced", "bounced"),
        (event("hard_bounced", "err_mailbox_full"), "bounced", "bounced", ""),
        (event("hard_bounced", "err_spam_rejected"), "bounced", "bounced", ""),
        (event("hard_bounced", "err_unsubscribed"), "bounced", "bounced", "unsubscribed"),
        (event("soft_bounced", "err_will_retry"), "deferred", "sent", ""),
        (event("sent"), "sent", "sent", ""),
        (event("delivered", "ok_delivered"), "delivered", "delivered", ""),
        (event("opened"), "opened", "delivered", ""),
        (event("clicked"), "clicked", "delivered", ""),
        (event("spam"), "complained", "delivered", "complained"),
        (event("unsubscribed"), "unsubscribed", "delivered", "unsubscribed"),
    ]

    def about(self, event: dict[str, Any], delivery: Delivery) -> dict[str, Any]:
        return {
            **event,
            "email": delivery.address,
            "metadata": {"message_id": named(delivery)},
        }

    def body(self, event: dict[str, Any], key: str = KEY) -> bytes:
        one = {"event_name": "transactional_email_status", "event_data": event}
        whole = {"auth": key, "events_by_user": [{"user_id": 1, "events": [one]}]}
        body = json.dumps(whole, ensure_ascii=False).encode()
        return body.replace(key.encode(), hashlib.md5(body).hexdigest().encode())

    def headers(self, body: bytes, key: str) -> dict[str, str]:
        return {}

    def test_without_a_signature_or_with_a_wrong_one_nothing_is_believed(self) -> None:
        delivery = self.letter()
        about = self.about(event("spam"), delivery)
        right = self.body(about)
        for body in (
            self.body(about, "another-key-0123456789"),
            right.replace(b"spam", b"sent"),
            b"{}",
            b'{"auth": ""}',
            b'{"auth": 7}',
        ):
            assert post("unisender_go", body, {}) == 403
        delivery.refresh_from_db()
        assert delivery.state == "sent"

    def test_a_single_event_is_read_too(self) -> None:
        delivery = self.letter()
        flat = {
            "event_name": "transactional_email_status",
            "auth": KEY,
            **self.about(event("opened"), delivery),
        }
        body = json.dumps(flat).encode()
        body = body.replace(KEY.encode(), hashlib.md5(body).hexdigest().encode())
        assert post("unisender_go", body, {}) == 200
        delivery.refresh_from_db()
        assert delivery.state == "delivered"

    def test_the_hook_is_there_before_its_first_event(self) -> None:
        client = Client()
        assert client.get(f"/hooks/unisender_go/{SECRET}/").status_code == 200
        assert client.head(f"/hooks/unisender_go/{SECRET}/").status_code == 200
        assert client.get(f"/hooks/unisender_go/{SECRET}x/").status_code == 404
        assert client.get(f"/hooks/mailjet/{SECRET}/").status_code == 404
