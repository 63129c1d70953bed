"""Postal: RSA with the installation's own key; gives the Message-ID back."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from apps.mailings.models import Delivery
from tests.feedback.providers.exam import HookExam, named


@lru_cache
def private(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def public(name: str) -> str:
    key = private(name).public_key()
    found = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(found).decode()


def status(name: str, **fields: Any) -> dict[str, Any]:
    return {"event": f"Message{name}", "payload": {"status": name, **fields}}


class TestPostal(HookExam):
    provider = "postal"
    key = public("ours")
    other_key = public("another")
    cases = [
        (status("Sent", output="250 Ok"), "delivered", "delivered", ""),
        (status("SoftFail", output="450 4.2.0 later"), "deferred", "sent", ""),
        (status("HardFail", output="550 5.1.1 no such user"), "failed", "bounced", "bounced"),
        (status("HardFail", output="550 5.7.1 spam"), "failed", "bounced", ""),
        (status("Held"), "queued", "sent", ""),
        ({"event": "MessageBounced", "payload": {"bounce": {"id": 1}}}, "bounced", "bounced", ""),
        (
            {"event": "MessageLinkClicked", "payload": {"url": "https://example.org"}},
            "clicked",
            "delivered",
            "",
        ),
    ]

    def about(self, event: dict[str, Any], delivery: Delivery) -> dict[str, Any]:
        message = {
            "id": 12345,
            "direction": "outgoing",
            "message_id": named(delivery).strip("<>"),
            "to": delivery.address,
        }
        where = "original_message" if "bounce" in event["payload"] else "message"
        payload = {**event["payload"], where: message}
        return {**event, "uuid": f"u-{delivery.pk}", "timestamp": 1796000000.1, "payload": payload}

    def headers(self, body: bytes, key: str) -> dict[str, str]:
        name = "ours" if key == self.key else "another"
        signature = private(name).sign(body, PKCS1v15(), SHA1())
        return {"X-Postal-Signature": base64.b64encode(signature).decode()}
