"""The mailbox that bounces come to, over IMAP. Letters are only marked as seen, never removed."""

from __future__ import annotations

import imaplib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from imap_tools import BaseMailBox, MailBox, MailBoxUnencrypted
from imap_tools.consts import MailMessageFlags
from imap_tools.errors import ImapToolsError

from apps.delivery.channels.http.client import tls

#: The most bytes of a letter that are fetched; a report stands at its beginning.
MOST: Final = 500_000
_TIMEOUT: Final = 30.0


class MailboxFailed(Exception):
    """The mailbox cannot be read; what was taken before is marked as seen."""


@dataclass(frozen=True, slots=True)
class MailboxConfig:
    """Where the mailbox is. ``security``: none, starttls or tls."""

    host: str
    port: int
    security: str
    username: str
    password: str = field(repr=False)
    folder: str = "INBOX"


def read_unseen(config: MailboxConfig, take: Callable[[bytes], None]) -> int:
    """Hand every unseen letter to ``take``, then mark it as seen. Returns how many.

    A letter that ``take`` did not return from stays unseen. Raises MailboxFailed.
    """
    try:
        box = _opened(config)
        try:
            if config.security == "starttls":
                box.client.starttls(tls())
            box.login(config.username, config.password, config.folder)
            uids = box.uids("UNSEEN")
            for uid in uids:
                take(_content(box.client, uid))
                box.flag(uid, MailMessageFlags.SEEN, True)
            return len(uids)
        finally:
            with suppress(ImapToolsError, imaplib.IMAP4.error, OSError):
                box.logout()
            with suppress(OSError):
                box.client.shutdown()  # a log-out that failed leaves the socket open
    except (ImapToolsError, imaplib.IMAP4.error, OSError) as error:
        text = str(error).replace(config.password or "\x00", "***")
        raise MailboxFailed(f"{config.host}: {text[:300]}") from error


def _opened(config: MailboxConfig) -> BaseMailBox:
    if config.security == "tls":
        return MailBox(config.host, config.port, timeout=_TIMEOUT, ssl_context=tls())
    return MailBoxUnencrypted(config.host, config.port, timeout=_TIMEOUT)


def _content(client: imaplib.IMAP4, uid: str) -> bytes:
    _status, data = client.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MOST}>)")
    found: Any = next((part for part in data if isinstance(part, tuple)), None)
    return bytes(found[1]) if found is not None else b""
