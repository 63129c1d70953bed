"""Asks many addresses at a time, and waits for none longer than it has.

A user has written them: each goes through the guard, and what does not answer keeps a thread only,
which nobody waits for.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from apps.core.http.outbound import AddressRefused, FetchFailed, Site

log = structlog.get_logger(__name__)

AT_A_TIME: Final = 8
ONE_SECONDS: Final = 10.0
_HEADERS: Final = {"User-Agent": "Mozilla/5.0 (compatible; Vestnik preflight)", "Accept": "*/*"}


@dataclass(frozen=True, slots=True)
class Answer:
    """``status`` 0: none came. ``why``: blocked, host, tls, time, hops, or nothing of these."""

    status: int = 0
    why: str = ""
    size: int = 0


def ask(url: str, seconds: float, max_bytes: int = 0) -> Answer:
    """What one address answers, in so many seconds for the whole."""
    try:
        with Site(seconds, headers=_HEADERS) as site:
            seen = site.status_of(url, max_bytes=max_bytes)
    except (AddressRefused, ValueError):  # among them a name that no name server takes
        return Answer(why="blocked")
    except FetchFailed as failed:
        return Answer(failed.status, failed.why)
    return Answer(seen.status, size=seen.size)


def ask_all(urls: Sequence[str], seconds: float, max_bytes: int = 0) -> Mapping[str, Answer]:
    """Each address once. One that has not answered when the time is over is not in the answer."""
    until = time.monotonic() + seconds
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[str, Answer]] = queue.SimpleQueue()
    wanted = dict.fromkeys(urls)
    for url in wanted:
        waiting.put(url)
    for _ in range(min(AT_A_TIME, len(wanted))):
        args = (waiting, done, until, max_bytes)
        threading.Thread(target=_work, args=args, daemon=True).start()
    found: dict[str, Answer] = {}
    while len(found) < len(wanted) and (left := until - time.monotonic()) > 0:
        try:
            url, answer = done.get(timeout=left)
        except queue.Empty:
            break
        found[url] = answer
    return found


def _work(
    waiting: queue.SimpleQueue[str],
    done: queue.SimpleQueue[tuple[str, Answer]],
    until: float,
    max_bytes: int,
) -> None:
    while (left := until - time.monotonic()) > 0:
        try:
            url = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            done.put((url, ask(url, min(ONE_SECONDS, left), max_bytes)))
        except Exception as error:  # a library's error with one address must not cost the others
            log.warning("preflight_address_failed", error=type(error).__name__)
            done.put((url, Answer()))
