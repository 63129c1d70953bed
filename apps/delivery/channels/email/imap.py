"""Mailboxes over IMAP: the one that bounces come to, and those that probes are looked for in.

Bounces are only marked as seen, never removed; where a probe is looked for nothing is changed.
"""

from __future__ import annotations

import imaplib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from imap_tools import BaseMailBox, MailBox, MailBoxUnencrypted
from imap_tools.consts import MailMessageFlags
from imap_tools.errors import ImapToolsError
from imap_tools.folder import FolderInfo

from apps.delivery.channels.http.client import tls

#: The most bytes of a letter that are fetched; a report stands at its beginning.
MOST: Final = 500_000
_TIMEOUT: Final = 30.0
#: The most bytes of a probe: its signature is of the whole letter.
_WHOLE: Final = 30_000_000
#: Folders in which what arrives is shown once more, or into which nothing arrives (RFC 6154).
_NOT_ARRIVED_IN: Final = frozenset(
    {"\\noselect", "\\nonexistent", "\\all", "\\sent", "\\drafts", "\\flagged", "\\important"}
)
_SPAM_NAMES: Final = frozenset({"spam", "junk", "junk email", "bulk", "bulk mail", "спам"})


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
    with _signed_in(config) as box:
        uids = box.uids("UNSEEN")
        for uid in uids:
            take(_content(box.client, uid))
            box.flag(uid, MailMessageFlags.SEEN, True)
        return len(uids)


@dataclass(frozen=True, slots=True)
class FoundLetter:
    """A letter, the folder that it lies in, whether that is the one for spam, and since when."""

    folder: str
    is_spam: bool
    content: bytes
    arrived_at: datetime | None


def find_letter(config: MailboxConfig, headers: Sequence[tuple[str, str]]) -> FoundLetter | None:
    """Look in every folder for a letter with one of these headers; the inbox comes first.

    A header's value is part of what it holds. Changes nothing. Raises MailboxFailed.
    """
    with _signed_in(config) as box:
        for folder in _folders(box):
            with suppress(ImapToolsError):  # one that cannot be opened holds no letter for us
                box.folder.set(folder.name, readonly=True)
                for name, value in headers:
                    if uids := box.uids(f'HEADER {name} "{value}"'):
                        content, arrived_at = _whole(box.client, uids[-1])
                        return FoundLetter(folder.name, _is_spam(folder), content, arrived_at)
    return None


def _folders(box: BaseMailBox) -> list[FolderInfo]:
    """Those that letters arrive in: the inbox, that for spam, then the rest."""
    flags = {one.name: {flag.lower() for flag in one.flags} for one in box.folder.list()}
    found = [one for one in box.folder.list() if not flags[one.name] & _NOT_ARRIVED_IN]
    return sorted(found, key=lambda one: (one.name.upper() != "INBOX", not _is_spam(one)))


def _is_spam(folder: FolderInfo) -> bool:
    """By its flag (RFC 6154), or by its name where the server has no flags."""
    flagged = any(flag.lower() == "\\junk" for flag in folder.flags)
    return flagged or folder.name.rpartition(folder.delim or "/")[2].lower() in _SPAM_NAMES


@contextmanager
def _signed_in(config: MailboxConfig) -> Iterator[BaseMailBox]:
    """The mailbox, encrypted and signed in to. Whatever fails in it is a MailboxFailed."""
    try:
        box = _opened(config)
        try:
            if config.security == "starttls":
                box.client.starttls(tls())
            box.login(config.username, config.password, config.folder)
            yield box
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


def _whole(client: imaplib.IMAP4, uid: str) -> tuple[bytes, datetime | None]:
    """The letter, and when it came into this mailbox."""
    _status, data = client.uid("FETCH", uid, f"(INTERNALDATE BODY.PEEK[]<0.{_WHOLE}>)")
    found: Any = next((part for part in data if isinstance(part, tuple)), None)
    if found is None:
        return b"", None
    moment = imaplib.Internaldate2tuple(bytes(found[0]))
    arrived_at = datetime.fromtimestamp(time.mktime(moment), UTC) if moment else None
    return bytes(found[1]), arrived_at
