"""The sessions of this process: one for each account, as long as it is declared the same."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from typing import Final

from apps.core.responses.stored import NOTHING, Response
from apps.delivery.channels.smpp.errors import ALREADY_BOUND
from apps.delivery.channels.smpp.link import Link, LinkFailed
from apps.delivery.channels.smpp.session import Session
from apps.delivery.sending_account import SendingAccount

#: Seconds for a step of a check.
_CHECK_SECONDS: Final = 10.0
_sessions: Final[dict[tuple[object, ...], Session]] = {}
_lock: Final = threading.Lock()


def session_of(account: SendingAccount) -> Session:
    """The account's session. A process that was forked has one of its own."""
    server = (account.host, account.port, account.security, account.ca_file)
    log_in = (account.username, account.password, account.system_type)
    key = (os.getpid(), account.name, *server, *log_in, account.timeout)
    with _lock:
        if key not in _sessions:
            _sessions[key] = Session(account)
        return _sessions[key]


def listen(account: SendingAccount, seconds: float) -> None:
    """Be bound for so long from now, for receipts. Raises LinkFailed."""
    session_of(account).listen(seconds)


def check(account: SendingAccount) -> Response:
    """Connect, bind, unbind. Empty: the centre knows the account."""
    try:
        link = Link.opened(replace(account, timeout=min(account.timeout, _CHECK_SECONDS)))
    except LinkFailed as failed:
        # It is in use at this moment, and may not be bound twice.
        return NOTHING if failed.code == ALREADY_BOUND else failed.response
    link.part()
    return NOTHING
