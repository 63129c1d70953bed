"""Any Django email backend as a channel: console, file, and the ESPs of django-anymail."""

from __future__ import annotations

import smtplib
import time
from email import message_from_bytes, policy

from django.core.mail import EmailMultiAlternatives, get_connection

from apps.core.contracts import Blame, Channel, Guard, Letter, Outcome, Verdict
from apps.core.responses.stored import Response, coded, foreign
from apps.delivery.channels.connection_errors import error_response
from apps.delivery.channels.threaded import ThreadedChannel
from apps.delivery.sending_account import SendingAccount

_OWN_HEADERS = {"from", "to", "subject", "mime-version", "content-type", "reply-to"}


class BackendChannel(ThreadedChannel):
    """Hands each letter to the Django email backend with this dotted path.

    A backend does not say at which byte it failed. So only a refusal that names the recipient is
    taken for one; whatever else goes wrong once the backend was called is unknown.
    """

    def __init__(self, path: str, guard: Guard, *, connections: int = 1) -> None:
        super().__init__(guard, connections=connections)
        self._path = path

    def send(self, line: int, letter: Letter) -> Outcome:
        message = as_django_message(letter)
        message.connection = get_connection(self._path)
        if not self._guard.allow(line, letter.delivery_id):
            return self._refused(letter)
        started = time.monotonic()
        outcome = self._call(message, letter)
        answered = outcome.verdict is not Verdict.UNKNOWN
        if answered:
            self._guard.answered(line, letter.delivery_id, outcome.verdict is Verdict.SENT)
        return Outcome(
            outcome.delivery_id,
            outcome.verdict,
            outcome.code,
            outcome.response,
            time.monotonic() - started,
            outcome.blame,
        )

    def _call(self, message: EmailMultiAlternatives, letter: Letter) -> Outcome:
        try:
            count = message.send()
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            verdict = Verdict.FAILED if 500 <= code < 600 else Verdict.RETRY
            return Outcome(letter.delivery_id, verdict, code, _error_text(text))
        except smtplib.SMTPAuthenticationError as error:
            reply = _error_text(error.smtp_error)
            return Outcome(
                letter.delivery_id, Verdict.UNSENT, error.smtp_code, reply, blame=Blame.ACCOUNT
            )
        except smtplib.SMTPResponseException as error:
            verdict = Verdict.FAILED if 500 <= error.smtp_code < 600 else Verdict.RETRY
            return Outcome(
                letter.delivery_id, verdict, error.smtp_code, _error_text(error.smtp_error)
            )
        except ConnectionRefusedError as error:
            return Outcome(
                letter.delivery_id,
                Verdict.UNSENT,
                response=error_response(error),
                blame=Blame.NETWORK,
            )
        except Exception as error:  # a backend may raise anything, and does not say at which byte
            return Outcome(letter.delivery_id, Verdict.UNKNOWN, response=error_response(error))
        if count == 1:
            return Outcome(letter.delivery_id, Verdict.SENT, response=_accepted(message))
        return Outcome(letter.delivery_id, Verdict.UNKNOWN, response=coded("backend_none"))


def as_django_message(letter: Letter) -> EmailMultiAlternatives:
    """The letter as Django's own message object, which ESP backends take apart."""
    parsed = message_from_bytes(letter.body, policy=policy.default)
    text = parsed.get_body(("plain",))
    html = parsed.get_body(("html",))
    message = EmailMultiAlternatives(
        subject=str(parsed["Subject"]),
        body=text.get_content() if text is not None else "",
        from_email=str(parsed["From"]),
        to=[str(parsed["To"])],
        reply_to=[str(parsed["Reply-To"])] if parsed["Reply-To"] else None,
        headers={
            name: str(value) for name, value in parsed.items() if name.lower() not in _OWN_HEADERS
        },
    )
    if html is not None:
        message.attach_alternative(html.get_content(), "text/html")
    for part in parsed.iter_attachments():
        message.attach(part.get_filename(), part.get_payload(decode=True), part.get_content_type())
    return message


def _accepted(message: EmailMultiAlternatives) -> Response:
    """With the provider's own id, by which its news names the letter (django-anymail)."""
    remote_id = getattr(getattr(message, "anymail_status", None), "message_id", None)
    if isinstance(remote_id, str):
        return coded("backend_accepted_as", remote_id)
    return coded("backend_accepted")


def _error_text(error: bytes | str) -> Response:
    return foreign(error.decode("utf-8", "replace") if isinstance(error, bytes) else error)


def open_channel(account: SendingAccount, guard: Guard) -> Channel:
    """A channel for this account. Connects when the first letter comes."""
    return BackendChannel(account.url, guard, connections=account.max_connections)
