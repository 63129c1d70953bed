"""aiosmtpd, the server that the standard library's module became, as a process of its own.

``python -m tests.servers.aiosmtpd_server --port N --sink N …`` is the process.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import smtplib
import ssl
import sys
from collections.abc import Callable
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from config.environment import BASE_DIR
from tests.servers.server import PASSWORD, UNKNOWN, USER, MailServer, Place, Variant, log_in


class Aiosmtpd(MailServer):
    """Comes with the tools for tests."""

    name = "aiosmtpd"
    hint = "poetry install"
    variants = (
        Variant("plain"),
        Variant("STARTTLS + AUTH", log_in("starttls"), {"tls": "starttls", "auth": "yes"}),
        Variant("TLS + AUTH", log_in("tls"), {"tls": "tls", "auth": "yes"}),
    )

    @classmethod
    def missing(cls, place: Place) -> str:
        return ""

    def start(self) -> None:
        options = self.variant.options
        args = ["--port", str(self.port), "--sink", str(self.place.sink)]
        args += ["--unknown"] * self.variant.unknown + ["--auth"] * ("auth" in options)
        if "tls" in options:
            args += ["--tls", options["tls"], "--certificate", str(self.place.certificate)]
            args += ["--key", str(self.place.key)]
        self.spawn([sys.executable, "-m", "tests.servers.aiosmtpd_server", *args], BASE_DIR)
        self.wait_until_it_listens()


class PassOn:
    """Hands every letter to the sink before it is answered for."""

    def __init__(self, sink: int, unknown: bool) -> None:
        self._sink, self._unknown = sink, unknown
        self._client: smtplib.SMTP | None = None

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._unknown and re.fullmatch(UNKNOWN, address):
            return "550 5.1.1 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        if self._client is None:
            self._client = smtplib.SMTP("127.0.0.1", self._sink, local_hostname="mx.test")
        content = envelope.content
        assert isinstance(content, bytes) and envelope.mail_from is not None
        self._client.sendmail(envelope.mail_from, envelope.rcpt_tos, content)
        return "250 2.0.0 Queued"


def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    """Take the one user."""
    right = isinstance(data, LoginPassword) and data == LoginPassword(
        USER.encode(), PASSWORD.encode()
    )
    return AuthResult(success=right)


def protocol(options: argparse.Namespace) -> Callable[[], SMTP]:
    """Return a maker of connections that offer what the options say."""
    more: dict[str, Any] = {"hostname": "mx.vestnik.test", "enable_SMTPUTF8": True}
    if options.tls == "starttls":
        more |= {"tls_context": context(options), "require_starttls": True}
    if options.auth:
        more |= {"authenticator": authenticate, "auth_required": True}
        more |= {"auth_require_tls": options.tls == "starttls"}
    return lambda: SMTP(PassOn(options.sink, options.unknown), **more)


def context(options: argparse.Namespace) -> ssl.SSLContext:
    """Return the server's side of TLS."""
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(options.certificate, options.key)
    return made


async def serve(options: argparse.Namespace) -> None:
    """Listen until the process ends."""
    encrypted = context(options) if options.tls == "tls" else None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        protocol(options), "127.0.0.1", options.port, ssl=encrypted, backlog=128
    )
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("--port", "--sink"):
        parser.add_argument(name, type=int, required=True)
    for name in ("--unknown", "--auth"):
        parser.add_argument(name, action="store_true")
    for name in ("--tls", "--certificate", "--key"):
        parser.add_argument(name, default="")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
