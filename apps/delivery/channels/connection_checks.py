"""Check a sending account without sending: connect, encrypt, log in, disconnect.

Each returns what was wrong, which never holds a secret; empty: nothing was.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from apps.core.responses.stored import NOTHING, Response, coded, foreign, with_code
from apps.delivery.channels.email.smtp.config import SmtpConfig
from apps.delivery.channels.email.smtp.handshake import Handshake, tls_context
from apps.delivery.channels.http.channel import JSON, as_json, json_object
from apps.delivery.channels.http.client import CallFailed, Client, Connection, Timeouts
from apps.delivery.channels.sendsay.api import SendsayApi, errors_of

#: An id that no letter has: asking for it shows whether the key is good, and changes nothing.
_NOBODYS: Final = "0"


def check_smtp(config: SmtpConfig, seconds: float) -> Response:
    """Greeting, EHLO, TLS and AUTH, in at most so many seconds."""
    over = threading.Event()
    opening = Handshake(config, tls_context(config), over.set)
    opening.start()
    if not over.wait(seconds):
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


def check_http(url: str, timeouts: Timeouts) -> Response:
    """Connection and certificate. Whether the token is good only a message can show."""
    with _response_line(Client(url, timeouts, {})) as line:
        try:
            line.connect()
        except CallFailed as failed:
            return failed.response
    return NOTHING


def check_telegram(url: str, token: str, timeouts: Timeouts) -> Response:
    """``getMe``: which bot is this? (core.telegram.org/bots/api#getme)"""
    with _response_line(Client(url, timeouts, {})) as line:
        try:
            answer = line.post(f"/bot{token}/getMe", as_json({}), JSON)
        except CallFailed as failed:
            return failed.response
    found = json_object(answer) or {}
    if answer.status == 200 and found.get("ok") is True:
        return NOTHING
    return with_code(answer.status, foreign(str(found.get("description", ""))[:200]))


def check_sendsay(api: SendsayApi) -> Response:
    """Asks what became of a letter that there is not; only a good key gets so far."""
    with _response_line(api.client) as line:
        try:
            answer = api.call({"action": "track.get", "id": _NOBODYS}, line.post, line.post)
        except CallFailed as failed:
            return failed.response
    refused = [f"{name} {why}".strip() for name, why in errors_of(answer) if "auth" in name]
    if refused:
        return foreign("; ".join(refused)[:300])
    if json_object(answer) is not None:
        return NOTHING
    return with_code(answer.status, coded("no_json"))


@contextmanager
def _response_line(client: Client) -> Iterator[Connection]:
    line = Connection(client)
    try:
        yield line
    finally:
        line.close()
