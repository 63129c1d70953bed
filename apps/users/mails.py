"""The mails about accounts: those that leave the machine are sent behind the request.

How long a mail server takes would tell a stranger which addresses have an account; and a server
that is away is no reason for an error page.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog
from django.conf import settings
from django.core.mail import EmailMessage

log = structlog.get_logger(__name__)

#: Seconds before another try.
PAUSES: Final = (5.0, 60.0)
_OVER_THE_NETWORK: Final = "django.core.mail.backends.smtp.EmailBackend"
_senders = ThreadPoolExecutor(max_workers=4, thread_name_prefix="account-mails")


def post(mail: EmailMessage) -> None:
    """Send the mail soon. Nobody waits for it, and nobody is told when it cannot be sent."""
    if settings.EMAIL_BACKEND == _OVER_THE_NETWORK:
        _senders.submit(_sent, mail)
    else:
        _sent(mail, pauses=())


def _sent(mail: EmailMessage, pauses: tuple[float, ...] = PAUSES) -> bool:
    for pause in (*pauses, None):
        try:
            mail.send()
            return True
        except OSError as error:  # what smtplib raises is one, too
            log.warning("account_mail_failed", error=type(error).__name__, again_in=pause)
        if pause is not None:
            time.sleep(pause)
    return False
