"""SendGrid: ECDSA of time and body; gives the Message-ID back as smtp-id."""

from __future__ import annotations

import base64
import json
import time
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from apps.mailings.models import Delivery
from tests.feedback.conftest import post
from tests.feedback.providers.exam import HookExam, named


@lru_cache
def private(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public(name: str) -> str:
    key = private(name).public_key()
    found = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(found).decode()


def event(name: str, **fields: Any) -> dict[str, Any]:
    return {"event": name, "timestamp": 1796000000, **fields}


class TestSendGrid(HookExam):
    provider = "sendgrid"
    key = public("ours")
    other_key = public("another")
    cases = [
        (
            event("bounce", type="bounce", status="5.1.1", reason="550 5.1.1 unknown"),
            "bounced",
            "bounced",
            "bounced",
        ),
        (event("bounce", type="bounce", reason="refused"), "bounced", "bounced", "bounced"),
        (
            event("bounce", type="blocked", status="5.7.1", reason="550 5.7.1 spam"),
            "bounced",
            "bounced",
            "",
        ),
        (event("deferred", response="450 later"), "deferred", "sent", ""),
        (event("dropped", reason="Bounced Address"), "rejected", "bounced", "bounced"),
        (event("dropped", reason="Spam Content"), "rejected", "bounced", ""),
        (event("processed"), "queued", "sent", ""),
        (event("delivered", response="250 OK"), "delivered", "delivered", ""),
        (event("open"), "opened", "delivered", ""),
        (event("click"), "clicked", "delivered", ""),
        (event("spamreport"), "complained", "delivered", "complained"),
        (event("unsubscribe"), "unsubscribed", "delivered", "unsubscribed"),
    ]

    def about(self, event: dict[str, Any], delivery: Delivery) -> dict[str, Any]:
        return {
            **event,
            "sg_event_id": f"sg-{delivery.pk}",
            "email": delivery.address,
            "smtp-id": named(delivery),
        }

    def body(self, event: dict[str, Any]) -> bytes:
        return json.dumps([event]).encode()

    def headers(self, body: bytes, key: str, *, age: float = 0) -> dict[str, str]:
        name = "ours" if key == self.key else "another"
        timestamp = str(int(time.time() - age))
        signature = private(name).sign(timestamp.encode() + body, ec.ECDSA(SHA256()))
        head = "X-Twilio-Email-Event-Webhook-"
        return {
            head + "Signature": base64.b64encode(signature).decode(),
            head + "Timestamp": timestamp,
        }

    def test_a_call_of_yesterday_is_refused(self) -> None:
        body = self.body(self.about(event("open"), self.letter()))
        assert post("sendgrid", body, self.headers(body, self.key, age=90_000)) == 403
