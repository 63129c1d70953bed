"""Django's email backend of the site itself: confirmations and resets, by our own SMTP client.

So a name in EHLO, a log-in and a certificate that serve mailings serve these mails, too.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from email.utils import parseaddr
from typing import Final, cast

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import MIMEMixin, sanitize_address

from apps.core.contracts import Letter, Outcome, Verdict
from apps.core.responses.stored import with_code
from apps.core.text.formatting import in_words
from apps.delivery.accounts import declaration, signer_of
from apps.delivery.channels.email.smtp.channel import SmtpChannel, SmtpConfig
from apps.delivery.channels.email.smtp_account import smtp_config
from apps.delivery.engine.direct_send import NoGuard, hand_over_now

#: A visitor waits for it; a second connection for two mails would be no faster.
_CONNECTIONS: Final = 1


class SiteMailBackend(BaseEmailBackend):
    """Sends by ``EMAIL_HOST`` and the settings beside it."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Return how many messages were accepted for all of their recipients.

        Raises ``smtplib.SMTPException`` for the first that was not, unless ``fail_silently``.
        """
        sent = 0
        for message in email_messages:
            letters = list(_letters(message))
            lost = [one for one in self._send(letters) if one.verdict is not Verdict.SENT]
            if lost and not self.fail_silently:
                raise smtplib.SMTPException(in_words(with_code(lost[0].code, lost[0].response)))
            sent += bool(letters) and not lost
        return sent

    def _send(self, letters: list[Letter]) -> list[Outcome]:
        if not letters:
            return []
        channel = SmtpChannel(site_smtp_config(), NoGuard())
        return hand_over_now(channel, letters, settings.EMAIL_TIMEOUT)


def site_smtp_config() -> SmtpConfig:
    """Return how the server of the site's own mails is reached."""
    account = declaration("email", settings.SITE_MAIL)
    return smtp_config(
        replace(account, timeout=settings.EMAIL_TIMEOUT, max_connections=_CONNECTIONS)
    )


def _letters(message: EmailMessage) -> Iterator[Letter]:
    encoding = message.encoding or settings.DEFAULT_CHARSET
    sender = _envelope(message.from_email, encoding)
    body = cast(MIMEMixin, message.message()).as_bytes(linesep="\r\n")
    body += b"" if body.endswith(b"\r\n") else b"\r\n"
    sign = signer_of(sender)
    body = sign(body) if sign is not None else body
    for number, recipient in enumerate(message.recipients()):
        yield Letter(number, sender, _envelope(recipient, encoding), body)


def _envelope(address: str, encoding: str) -> str:
    """Return the bare address for MAIL and RCPT. Raises ValueError for what is none."""
    return parseaddr(sanitize_address(address, encoding))[1]
