"""The mails about accounts: those that leave the machine are sent behind the request.

How long a mail server takes would show a stranger which addresses have an account; and a server
that is away is no reason for an error page.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

#: Seconds before another try.
PAUSES: Final = (5.0, 60.0)
#: Backends that ask no server: what they take no time for need not be hidden.
_AT_ONCE: Final = frozenset(
    f"django.core.mail.backends.{name}.EmailBackend"
    for name in ("filebased", "locmem", "console", "dummy")
)
_senders = ThreadPoolExecutor(max_workers=4, thread_name_prefix="account-mails")


class Mail(Protocol):
    """What is sent: a message that knows its way."""

    def send(self) -> int: ...


def post(mail: Mail) -> None:
    """Send the mail soon. Nobody waits for it, and a failure is only logged."""
    if settings.EMAIL_BACKEND in _AT_ONCE:
        _sent(mail, pauses=())
    else:
        _senders.submit(_sent, mail)


def _sent(mail: Mail, pauses: tuple[float, ...] = PAUSES) -> bool:
    for pause in (*pauses, None):
        try:
            mail.send()
            return True
        except OSError as error:  # what smtplib raises is one, too
            log.warning("account_mail_failed", error=type(error).__name__, again_in=pause)
        if pause is not None:
            time.sleep(pause)
    return False
