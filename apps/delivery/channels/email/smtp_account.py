"""How an account's mail server is reached, and whether it can be."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from apps.core.contracts import Channel, Guard
from apps.core.responses.stored import NOTHING, Response, coded, with_code
from apps.delivery.channels.email.smtp.auth import AccessToken, TokenFromCommand, TokenFromFile
from apps.delivery.channels.email.smtp.channel import SmtpChannel
from apps.delivery.channels.email.smtp.config import SmtpConfig
from apps.delivery.channels.email.smtp.handshake import Handshake, tls_context
from apps.delivery.sending_account import SendingAccount

#: Seconds for a whole check, whatever a single step may take.
_CHECK_SECONDS: Final = 10.0


def open_channel(account: SendingAccount, guard: Guard) -> Channel:
    """A channel for this account. Connects when the first letter comes."""
    return SmtpChannel(smtp_config(account), guard)


def smtp_config(account: SendingAccount) -> SmtpConfig:
    """How its server is reached."""
    return SmtpConfig(
        host=account.host,
        port=account.port,
        security=account.security,
        username=account.username,
        password=account.password,
        access_token=_access_token(account),
        ehlo_name=account.ehlo_name,
        ca_file=account.ca_file,
        connections=account.connections,
        connect_timeout=account.timeout,
        command_timeout=account.timeout,
        data_timeout=3 * account.timeout,
        data_done_timeout=10 * account.timeout,
        pipelining=account.pipelining,
        known=account.learned,
        max_refusals=account.max_refusals,
    )


def _access_token(account: SendingAccount) -> AccessToken | None:
    """Where its access tokens come from; None: it logs in with a password, or not at all."""
    if account.oauth_token_file:
        return TokenFromFile(Path(account.oauth_token_file))
    if account.oauth_token_command:
        return TokenFromCommand(account.oauth_token_command, account.timeout)
    return None


def check(account: SendingAccount) -> Response:
    """Greeting, EHLO, TLS and AUTH in so many seconds together, and QUIT."""
    config = smtp_config(account)
    over = threading.Event()
    opening = Handshake(config, tls_context(config), over.set)
    opening.start()
    if not over.wait(_CHECK_SECONDS):
        opening.cancel()
        return coded("no_answer_in_time")
    if opening.failure is not None:
        return with_code(opening.failure.code, opening.failure.text)
    if opening.connection is not None:
        sock = opening.connection.sock
        with suppress(OSError):
            sock.settimeout(1.0)
            sock.sendall(b"QUIT\r\n")
        sock.close()
    return NOTHING
