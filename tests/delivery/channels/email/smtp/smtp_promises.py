"""What every test of the SMTP channel needs: letters, a guard that remembers, certificates."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apps.core.contracts import Guard, Letter, Outcome, Verdict
from apps.delivery.channels.email.smtp.channel import SmtpChannel, SmtpConfig
from tests.smtp_server import SmtpServer

SENDER = "news@example.org"


class RecordingGuard(Guard):
    """Lets everything go unless set otherwise, and remembers every question and answer."""

    def __init__(self, allows: Callable[[int], bool] = lambda _: True, due: bool = False) -> None:
        self.allows = allows
        self.due = due
        self.asked: list[int] = []
        self.settled: list[tuple[int, bool]] = []

    def allow(self, line: int, delivery_id: int) -> bool:
        self.asked.append(delivery_id)
        return self.allows(delivery_id)

    def answered(self, line: int, delivery_id: int, accepted: bool) -> None:
        self.settled.append((delivery_id, accepted))

    @property
    def too_late(self) -> bool:
        return self.due


def body(number: int, size: int = 0) -> bytes:
    head = f"Message-ID: <{number}@example.org>\r\nSubject: News\r\n\r\nHello.\r\n"
    return head.encode("ascii") + (b"z" * 70 + b"\r\n") * (size // 72)


def letter(number: int, address: str | None = None, size: int = 0) -> Letter:
    return Letter(number, SENDER, address or f"user{number}@example.net", body(number, size))


def letters(count: int, **others: str) -> list[Letter]:
    """Letters 0 to count - 1; ``n3="anna@…"`` gives number 3 another address."""
    return [letter(number, others.get(f"n{number}")) for number in range(count)]


def configure(server: SmtpServer, **changes: Any) -> SmtpConfig:
    values: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": server.port,
        "connections": 2,
        "connect_timeout": 5.0,
        "command_timeout": 5.0,
        "data_timeout": 5.0,
        "data_done_timeout": 5.0,
        "head_start": 0.05,
    }
    return SmtpConfig(**(values | changes))


def finish(channel: SmtpChannel, mail: list[Letter], seconds: float = 15.0) -> dict[int, Outcome]:
    """Hand over and wait for every outcome; each letter has exactly one."""
    channel.hand_over(mail)
    found: list[Outcome] = []
    end = time.monotonic() + seconds
    while len(found) < len(mail) and time.monotonic() < end:
        found += channel.outcomes(0.5)
    assert sorted(outcome.delivery_id for outcome in found) == sorted(
        one.delivery_id for one in mail
    )
    return {outcome.delivery_id: outcome for outcome in found}


def send(
    server: SmtpServer, mail: list[Letter], guard: RecordingGuard | None = None, **changes: Any
) -> dict[int, Outcome]:
    """The same with a channel of its own, which keeps no letter back when it is closed."""
    channel = SmtpChannel(configure(server, **changes), guard or RecordingGuard())
    try:
        found = finish(channel, mail)
    finally:
        rest = channel.close()
    assert rest == []
    no_lie(server, found)
    return found


def no_lie(server: SmtpServer, found: dict[int, Outcome]) -> None:
    """Nothing accepted twice; all that is called sent was accepted; nothing accepted is hidden."""
    accepted = server.ids()
    assert len(accepted) == len(set(accepted))
    named = {f"<{number}@example.org>": outcome.verdict for number, outcome in found.items()}
    sent = {name for name, verdict in named.items() if verdict is Verdict.SENT}
    doubted = {name for name, verdict in named.items() if verdict is Verdict.UNKNOWN}
    assert sent <= set(accepted) <= sent | doubted


def verdicts(found: dict[int, Outcome], *numbers: int) -> set[Verdict]:
    """The verdicts of these letters, or of all."""
    return {found[number].verdict for number in numbers or found}


def all_but(found: dict[int, Outcome], *numbers: int) -> set[Verdict]:
    return {outcome.verdict for number, outcome in found.items() if number not in numbers}


def certificate(
    folder: Path, *, name: str = "127.0.0.1", expired: bool = False
) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's TLS context; the client trusts exactly this self-signed one."""
    certificate_file, key_file = certificate_files(folder, name=name, expired=expired)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate_file, key_file)
    return server, ssl.create_default_context(cafile=certificate_file)


def certificate_files(
    folder: Path, *, name: str = "127.0.0.1", expired: bool = False
) -> tuple[Path, Path]:
    """Write a self-signed certificate and its key in PEM; return both paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    until = now - timedelta(days=1) if expired else now + timedelta(days=1)
    alternative: x509.GeneralName = (
        x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    )
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "server.pem", folder / "server.key"
    certificate_file.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file
