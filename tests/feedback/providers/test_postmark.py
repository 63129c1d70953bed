"""Postmark: basic auth; carries our Message-ID as metadata, and names the letter by its own id."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.mailings.models import Delivery, Suppression
from tests.feedback.conftest import post
from tests.feedback.providers.exam import REMOTE, HookExam, basic, named


def bounce(kind: str, text: str = "") -> dict[str, Any]:
    return {"RecordType": "Bounce", "Type": kind, "Description": "A bounce.", "Details": text}


def event(name: str, **fields: Any) -> dict[str, Any]:
    return {"RecordType": name, **fields}


def change(reason: str, *, suppress: bool = True) -> dict[str, Any]:
    origin = "Recipient" if suppress else "Customer"
    return event(
        "SubscriptionChange", SuppressSending=suppress, SuppressionReason=reason, Origin=origin
    )


#: Bounces and complaints call the address Email, everything else calls it Recipient.
_EMAIL = ("Bounce", "SpamComplaint")


class TestPostmark(HookExam):
    provider = "postmark"
    key = "hook:long-password"
    cases = [
        (bounce("HardBounce"), "bounced", "bounced", "bounced"),
        (bounce("HardBounce", "smtp;550 5.1.1 unknown"), "bounced", "bounced", "bounced"),
        (bounce("HardBounce", "smtp;550 5.7.1 spam"), "bounced", "bounced", ""),
        (bounce("SoftBounce", "smtp;552 5.2.2 full"), "bounced", "bounced", ""),
        (bounce("Transient"), "deferred", "sent", ""),
        (bounce("DnsError"), "deferred", "sent", ""),
        (bounce("Blocked"), "rejected", "bounced", ""),
        (bounce("BadEmailAddress"), "rejected", "bounced", "bounced"),
        (bounce("AutoResponder"), "autoresponded", "sent", ""),
        (bounce("SpamNotification"), "complained", "delivered", "complained"),
        (bounce("Unsubscribe"), "unsubscribed", "delivered", "unsubscribed"),
        (event("SpamComplaint", Type="SpamComplaint"), "complained", "delivered", "complained"),
        (event("Delivery", Details="250 ok"), "delivered", "delivered", ""),
        (event("Open", FirstOpen=True), "opened", "delivered", ""),
        (event("Click", OriginalLink="https://example.org"), "clicked", "delivered", ""),
        (change("HardBounce"), "bounced", "bounced", "bounced"),
        (change("SpamComplaint"), "complained", "delivered", "complained"),
        (change("ManualSuppression"), "unsubscribed", "delivered", "unsubscribed"),
        (change("", suppress=False), "subscribed", "sent", ""),
    ]

    def about(self, event: dict[str, Any], delivery: Delivery) -> dict[str, Any]:
        where = "Email" if event["RecordType"] in _EMAIL else "Recipient"
        carried = {"message_id": named(delivery)}
        return {**event, where: delivery.address, "MessageID": REMOTE, "Metadata": carried}

    def headers(self, body: bytes, key: str) -> dict[str, str]:
        return basic(key)

    @pytest.mark.parametrize("event", [bounce("HardBounce"), change("HardBounce")])
    def test_its_own_id_is_enough(self, event: dict[str, Any]) -> None:
        delivery = self.letter()
        assert self.say({**self.about(event, delivery), "Metadata": {}}) == 200
        delivery.refresh_from_db()
        assert (delivery.state, Suppression.objects.get().reason) == ("bounced", "bounced")

    def test_a_change_of_the_subscription_for_a_hard_bounce_is_hard(self) -> None:
        """It gives no reply of the server, only that Postmark has given the address up."""
        delivery = self.letter()
        found_events = {
            "RecordType": "SubscriptionChange",
            "MessageID": REMOTE,
            "ServerID": 23,
            "MessageStream": "outbound",
            "ChangedAt": "2026-11-28T10:53:34Z",
            "Recipient": delivery.address,
            "Origin": "Recipient",
            "SuppressSending": True,
            "SuppressionReason": "HardBounce",
            "Tag": "",
            "Metadata": {},
        }
        assert self.say(found_events) == 200
        delivery.refresh_from_db()
        (row,) = Suppression.objects.all()
        assert (delivery.state, row.address, row.reason) == (
            "bounced",
            "anna0@example.org",
            "bounced",
        )

    def test_an_inbound_letter_is_a_bad_request(self) -> None:
        body = json.dumps({"FromFull": {}}).encode()
        assert post(self.provider, body, basic(self.key)) == 400
