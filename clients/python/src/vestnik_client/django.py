"""Django's email backend: the mail of a site goes through the ledger of an installation.

EMAIL_BACKEND = "vestnik_client.django.EmailBackend"
VESTNIK = {"URL": "https://mail.example.org", "TOKEN": os.environ["VESTNIK_TOKEN"]}
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Iterable, Sequence
from email.mime.base import MIMEBase
from email.utils import parseaddr
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from vestnik_client import ApiError, Vestnik, VestnikError

#: What a site may say in VESTNIK, or when it asks for a connection.
DEFAULTS: Final[dict[str, Any]] = {
    "URL": None,
    "TOKEN": None,
    "SENDER": None,
    "ACCOUNT": None,
    "PURPOSE": "service",
    "EXPIRES_IN": 86_400,
    "IGNORE_UNSUPPORTED": False,
    "TIMEOUT": 30.0,
}
#: A header of a mail that makes it the same mail as one before.
KEY: Final = "Idempotency-Key"
_OPENING: Final = re.compile(r"\{(?=[{%#])")
_IGNORED: Final = frozenset({KEY.lower(), "message-id", "date"})


class Unsupported(VestnikError):
    """The mail asks for something that the installation does not send."""


class SenderUnknown(VestnikError):
    """No confirmed sender has the address in From."""


def literal(text: str) -> str:
    """The text in the language of messages, in which it says itself."""
    return _OPENING.sub("{% raw %}{{% endraw %}", text)


class EmailBackend(BaseEmailBackend):
    """Every address of a mail gets a letter of its own, and a delivery in the ledger.

    ``VESTNIK``: URL and TOKEN; SENDER is the id of the sender, or "account" for the account's own
    From; left out, the sender is the one with the mail's From. IGNORE_UNSUPPORTED sends without
    what cannot be sent: Reply-To, other headers, parts that are shown inside.
    """

    def __init__(self, fail_silently: bool = False, **options: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        named = {name.upper(): value for name, value in options.items() if value is not None}
        given = {**DEFAULTS, **getattr(settings, "VESTNIK", {}), **named}
        self._options = {name: given[name] for name in DEFAULTS}
        self._client: Vestnik | None = None
        self._senders: dict[str, int] | None = None
        self._lock = threading.RLock()

    def open(self) -> bool:
        """True when this call has made the connection."""
        if self._client is not None:
            return False
        url, token = self._options["URL"], self._options["TOKEN"]
        if not url or not token:
            raise VestnikError("VESTNIK needs a URL and a TOKEN.")
        self._client = Vestnik(url, token, timeout=self._options["TIMEOUT"])
        return True

    def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many mails were taken for all of their addresses."""
        with self._lock:
            opened = self._opened()
            if opened is None:
                return 0
            try:
                return sum(self._taken(mail) for mail in email_messages)
            finally:
                if opened:
                    self.close()

    def _opened(self) -> bool | None:
        try:
            return self.open()
        except VestnikError:
            if self.fail_silently:
                return None
            raise

    def _taken(self, mail: EmailMessage) -> bool:
        if not mail.recipients():
            return False
        try:
            self._send(mail)
        except VestnikError:
            if not self.fail_silently:
                raise
            return False
        return True

    def _send(self, mail: EmailMessage) -> None:
        given = _header(mail, KEY) or _header(mail, "Message-ID")
        key = given.strip("<> ") or str(uuid.uuid4())
        sender = self._sender(mail)
        files = list(self._files(mail))
        content = self._content(mail)
        assert self._client is not None
        pk = self._client.add_message(content, idempotency_key=_part(key, "message"))["id"]
        try:
            for number, file in enumerate(files):
                self._client.attach_file(pk, file, idempotency_key=_part(key, f"file-{number}"))
            self._hand_over(pk, mail, key, sender)
        except ApiError:
            if not given:  # else the same mail may come again, and needs it
                self._put_away(pk)
            raise
        self._put_away(pk)

    def _put_away(self, pk: int) -> None:
        """Into the archive, or away when nothing went out. A repeated mail finds it there."""
        assert self._client is not None
        try:
            self._client.delete_message(pk)
        except ApiError as error:
            if error.status != 404:
                raise

    def _hand_over(self, pk: int, mail: EmailMessage, key: str, sender: int | None) -> None:
        """To each address; those after one that is refused get theirs all the same."""
        assert self._client is not None
        failed: ApiError | None = None
        for address in dict.fromkeys(parseaddr(one)[1] for one in mail.recipients()):
            body: Any = {
                "message": pk,
                "email": address,
                "channel": "email",
                "account": self._options["ACCOUNT"],
                "sender": sender,
                "purpose": self._options["PURPOSE"],
                "expires_in": self._options["EXPIRES_IN"],
            }
            try:
                self._client.send(body, idempotency_key=_part(key, address))
            except ApiError as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def _content(self, mail: EmailMessage) -> Any:
        text, html = str(mail.body), ""
        if mail.content_subtype == "html":
            text, html = "", text
        elif mail.content_subtype != "plain":
            self._refuse(f"a body of the kind text/{mail.content_subtype}")
        others = mail.alternatives if isinstance(mail, EmailMultiAlternatives) else []
        for content, kind in others:
            if kind == "text/html" and not html:
                html = str(content)
            else:
                self._refuse(f"a further part of the kind {kind}")
        subject = " ".join(str(mail.subject).splitlines())
        return {"subject": literal(subject), "text": literal(text), "html": literal(html)}

    def _files(self, mail: EmailMessage) -> Iterable[tuple[str, bytes] | tuple[str, bytes, str]]:
        if mail.reply_to:
            self._refuse("Reply-To: the sender has its own")
        for name in mail.extra_headers:
            if name.lower() not in _IGNORED:
                self._refuse(f"the header {name}")
        for one in mail.attachments:
            if not isinstance(one, MIMEBase):
                yield _file(*one)
            elif one["Content-ID"] is not None:
                self._refuse("a part that is shown inside the letter")
            else:
                content = one.get_payload(decode=True)
                assert isinstance(content, bytes)
                yield _file(one.get_filename(), content, one.get_content_type())

    def _refuse(self, what: str) -> None:
        if not self._options["IGNORE_UNSUPPORTED"]:
            raise Unsupported(f"The installation does not send {what}.")

    def _sender(self, mail: EmailMessage) -> int | None:
        chosen = self._options["SENDER"]
        if chosen == "account":
            return None
        if chosen is not None:
            return int(chosen)
        assert self._client is not None
        if self._senders is None:
            found = [one for one in self._client.iter_senders() if one["confirmed_at"]]
            self._senders = {one["address"].lower(): one["id"] for one in found}
        address = parseaddr(mail.from_email)[1]
        if address.lower() not in self._senders:
            text = f"No confirmed sender has the address {address}."
            raise SenderUnknown(f'{text} VESTNIK["SENDER"] may name one, or "account".')
        return self._senders[address.lower()]


def _header(mail: EmailMessage, name: str) -> str:
    found = (str(value) for key, value in mail.extra_headers.items() if key.lower() == name.lower())
    return next(found, "")


def _part(key: str, part: str) -> str:
    """The key of one call of a mail: a UUID, for a key has a length and an alphabet."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{key}\n{part}"))


def _file(name: str | None, content: Any, kind: str | None) -> tuple[str, bytes, str]:
    data = content.encode() if isinstance(content, str) else bytes(content)
    return (name or "attachment", data, kind or "application/octet-stream")
