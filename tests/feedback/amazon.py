"""Amazon SNS, as far as a hook sees it: who signs, and where the certificate is read."""

from __future__ import annotations

import base64
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from apps.core.http import outbound
from apps.feedback.hooks import sns
from tests.delivery.channels.email.smtp.smtp_promises import certificate
from tests.http_service import HttpService, Reply, answer

HOST = "sns.eu-west-1.amazonaws.com"
CERTIFICATE_URL = f"https://{HOST}/SimpleNotificationService-{'0123456789abcdef' * 2}.pem"
NAMES = {
    "Notification": "Message MessageId Subject Timestamp TopicArn Type",
    "SubscriptionConfirmation": "Message MessageId SubscribeURL Timestamp Token TopicArn Type",
    "UnsubscribeConfirmation": "Message MessageId SubscribeURL Timestamp Token TopicArn Type",
}


class Signer:
    """A key, with a certificate that it has signed itself."""

    def __init__(self, *, valid: tuple[int, int] = (-9, 9), rsa_key: bool = True) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        own = self.key if rsa_key else ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        now = datetime.now(UTC)
        built = x509.CertificateBuilder(name, name, own.public_key(), x509.random_serial_number())
        built = built.not_valid_before(now + timedelta(days=valid[0]))
        signed = built.not_valid_after(now + timedelta(days=valid[1])).sign(own, SHA256())
        self.pem = signed.public_bytes(Encoding.PEM)

    def signed(self, message: dict[str, Any], version: str = "2") -> dict[str, Any]:
        """The message with what Amazon adds, as in the developer guide of SNS."""
        names = NAMES[message["Type"]].split()
        text = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
        hashed = SHA1() if version == "1" else SHA256()
        signature = self.key.sign(text.encode(), PKCS1v15(), hashed)
        return {
            **message,
            "SignatureVersion": version,
            "Signature": base64.b64encode(signature).decode(),
            "SigningCertURL": CERTIFICATE_URL,
        }


class Amazon(Signer):
    """The signer, and the host that hands out its certificate over TLS."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self._folder, self._monkeypatch = folder, monkeypatch
        self.service = HttpService(self.reply())

    def reply(self) -> Reply:
        return answer(self.pem, content_type="application/x-pem-file")

    def __enter__(self) -> Self:
        """Its name leads to our port; all else of the connection is real."""
        server, _ = certificate(self._folder, name=HOST)
        self.service.socket = server.wrap_socket(self.service.socket, server_side=True)
        self.service.__enter__()
        port = self.service.server_address[1]
        connect, resolve = socket.create_connection, socket.getaddrinfo

        def connected(address: tuple[str, int], *rest: Any, **named: Any) -> socket.socket:
            return connect((address[0], port if address[1] == 443 else address[1]), *rest, **named)

        def resolved(host: Any, *rest: Any, **named: Any) -> Any:
            return resolve("127.0.0.1" if host == HOST else host, *rest, **named)

        patch = self._monkeypatch.setattr
        patch(socket, "create_connection", connected)
        patch(socket, "getaddrinfo", resolved)
        patch(outbound, "is_public", lambda address: True)
        patch(sns, "CERTIFICATES", sns.Certificates())
        self._monkeypatch.setenv("SSL_CERT_FILE", str(self._folder / "server.pem"))
        return self

    def __exit__(self, *_: object) -> None:
        self.service.__exit__()
