"""Mailjet: basic auth; carries our Message-ID as the sender's own id."""

from __future__ import annotations

import json
from typing import Any

from apps.mailings.models import Delivery
from tests.feedback.providers.exam import HookExam, basic, named


def event(name: str, **fields: Any) -> dict[str, Any]:
    return {"event": name, "time": 1796000000, "MessageID": 19421777835146490, **fields}


class TestMailjet(HookExam):
    provider = "mailjet"
    key = "hook:long-password"
    cases = [
        (event("bounce", hard_bounce=True, error="user unknown"), "bounced", "bounced", "bounced"),
        (event("bounce", hard_bounce=False, error="quota exceeded"), "bounced", "bounced", ""),
        (event("bounce", hard_bounce=False, error="greylisted"), "deferred", "sent", ""),
        (event("blocked", error="preblocked"), "rejected", "bounced", ""),
        (event("sent", smtp_reply="250 OK"), "delivered", "delivered", ""),
        (event("open"), "opened", "delivered", ""),
        (event("click", url="https://example.org"), "clicked", "delivered", ""),
        (event("spam"), "complained", "delivered", "complained"),
        (event("unsub"), "unsubscribed", "delivered", "unsubscribed"),
    ]

    def about(self, event: dict[str, Any], delivery: Delivery) -> dict[str, Any]:
        return {**event, "email": delivery.address, "CustomID": named(delivery)}

    def headers(self, body: bytes, key: str) -> dict[str, str]:
        return basic(key)

    def test_the_message_id_may_stand_in_the_payload(self) -> None:
        delivery = self.letter()
        payload = json.dumps({"message_id": named(delivery)})
        assert self.say({**event("spam"), "email": delivery.address, "Payload": payload}) == 200
        delivery.refresh_from_db()
        assert delivery.state == "delivered"

    def test_several_events_come_in_one_call(self) -> None:
        letters = [self.letter(1), self.letter(2)]
        body = json.dumps([self.about(event("open"), one) for one in letters]).encode()
        from tests.feedback.conftest import post

        assert post(self.provider, body, basic(self.key)) == 200
        for one in letters:
            one.refresh_from_db()
            assert one.state == "delivered"
