"""Feeds are asked for, several at a time, and nobody waits for one that is slow.

Nothing here knows a table: what was found is kept by ``keeping``.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from django.utils.translation import gettext_noop as _

from apps.core.errors import Refused
from apps.core.http.outbound import AddressRefused, Fetched, FetchFailed, Site
from apps.core.text.formatting import refusal
from apps.mailings.feeds.errors import FeedUnreachable
from apps.mailings.feeds.reading import parsed
from apps.mailings.feeds.worker.job import Findings

log = structlog.get_logger(__name__)

MAX_BYTES: Final = 5 * 1024 * 1024
#: For the whole of one address, its redirects included.
SECONDS: Final = 30.0
AT_A_TIME: Final = 4
_HEADERS: Final = {
    "User-Agent": "Mozilla/5.0 (compatible; Vestnik feed reader)",
    "Accept": "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.5",
}
_WHY: Final = {
    "host": _("The feed cannot be read: there is no such host."),
    "tls": _("The feed cannot be read: the certificate of its host is not valid."),
    "time": _("The feed cannot be read: its host does not answer in time."),
    "hops": _("The feed cannot be read: its address leads on too often."),
}


@dataclass(frozen=True, slots=True)
class Held:
    """A feed that this process is reading, as it was when it took it.

    ``occurrence``: the start that it is read for; None when somebody asked for it.
    """

    pk: int
    url: str
    address: str
    etag: str
    last_modified: str
    occurrence: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """What an address had. ``findings`` None: it has not changed since it was last read."""

    findings: Findings | None
    url: str
    moved: bool = False
    etag: str = ""
    last_modified: str = ""


def fetch(held: Held, seconds: float = SECONDS) -> Found:
    """Ask for the feed and parse it. Raises FeedUnreachable, FeedInvalid."""
    headers = {"If-None-Match": held.etag, "If-Modified-Since": held.last_modified}
    try:
        with Site(seconds, headers=_HEADERS) as site:
            asked = {name: value for name, value in headers.items() if value}
            answer = site.fetch(held.address, max_bytes=MAX_BYTES, headers=asked)
    except FetchFailed as failed:
        raise _unreachable(failed) from failed
    except (AddressRefused, ValueError) as error:
        text = _("The feed's address may not be read: it is not a public one.")
        raise refusal(FeedUnreachable, text) from error
    return _found(answer)


def _found(answer: Fetched) -> Found:
    findings = None
    if answer.content is not None:
        kind = answer.headers.get("content-type", "")
        findings = parsed(answer.content, url=answer.url, content_type=kind)
    etag = _mark(answer.headers.get("etag", ""), 500)
    last_modified = _mark(answer.headers.get("last-modified", ""), 100)
    return Found(findings, answer.url, answer.moved, etag, last_modified)


def _mark(text: str, longest: int) -> str:
    """What the next question carries. One that was cut would match nothing."""
    return text if len(text) <= longest and text.isascii() and text.isprintable() else ""


def _unreachable(failed: FetchFailed) -> FeedUnreachable:
    if failed.status and failed.status != 200:
        text = _("The feed's address answers: %(status)s.")
        return refusal(FeedUnreachable, text, status=failed.status)
    usual = _("The feed cannot be read, or it is larger than 5 MB.")
    return refusal(FeedUnreachable, _WHY.get(failed.why, usual))


def fetch_all(
    feeds: Sequence[Held], seconds: float = SECONDS
) -> Iterator[tuple[Held, Found | Refused]]:
    """Each as it comes. One that is not there in time is left to its next turn."""
    waiting: queue.SimpleQueue[Held] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[Held, Found | Refused]] = queue.SimpleQueue()
    for held in feeds:
        waiting.put(held)
    turns = -(-len(feeds) // AT_A_TIME)
    until = time.monotonic() + turns * (2 * seconds + 15)
    for _number in range(min(AT_A_TIME, len(feeds))):
        threading.Thread(target=_work, args=(waiting, done, seconds), daemon=True).start()
    for _number in range(len(feeds)):
        try:
            yield done.get(timeout=max(until - time.monotonic(), 0.001))
        except queue.Empty:
            return


def _work(
    waiting: queue.SimpleQueue[Held],
    done: queue.SimpleQueue[tuple[Held, Found | Refused]],
    seconds: float,
) -> None:
    while True:
        try:
            held = waiting.get_nowait()
        except queue.Empty:
            return
        done.put((held, fetch_one(held, seconds)))


def fetch_one(held: Held, seconds: float = SECONDS) -> Found | Refused:
    """What was found, or why nothing was."""
    try:
        return fetch(held, seconds)
    except Refused as refused:
        return refused
    except Exception as error:  # a library's error with one feed must not cost the others
        log.warning("feed_failed", feed_id=held.pk, error=type(error).__name__)
        return refusal(FeedUnreachable, _("The feed cannot be read."))
