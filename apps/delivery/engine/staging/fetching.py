"""Files behind addresses: by way of the guard, a few at a time of one host."""

from __future__ import annotations

import queue
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

import structlog

from apps.core.errors import Refused
from apps.core.http.outbound import AddressRefused, FetchFailed, Site
from apps.core.resources import DiskFull
from apps.delivery.engine.staging.results import Result
from apps.mailings.models import DeliveryFile
from apps.mailings.personal_files import store
from apps.mailings.personal_files.archives import (
    MAX_FILE,
    MISSING,
    REFUSED,
    TOO_LARGE,
    UNREACHABLE,
    judged,
)

log = structlog.get_logger(__name__)

PER_HOST: Final = 8
#: Addresses that are asked at the same time.
POOL: Final = 32
#: For one address, and for those of one run before others have their turn.
SECONDS: Final = 30.0
TURN: Final = 60.0
#: Results that are recorded together, and the longest that one waits for the others. Seconds.
_TOGETHER: Final = 50
_RECORD_WITHIN: Final = 1.0
_HEADERS: Final = {"User-Agent": "Mozilla/5.0 (compatible; Vestnik)", "Accept": "*/*"}
_GONE: Final = (404, 410)
#: Answers that may be another one a little later.
_LATER: Final = (408, 425, 429)

Fetch = Callable[[str, str], Result]
Fetched = tuple[DeliveryFile, Result]
#: Rows of one host that have not been asked.
_Waiting = deque[DeliveryFile]


def fetch(url: str, name: str) -> Result:
    """Bring the file of this address, under this name. Waits for others; touches no database."""
    try:
        with Site(SECONDS, headers=_HEADERS) as site, store.temporary() as target:
            site.save(url, target, max_bytes=MAX_FILE)
            data = target.read_bytes()
        found = judged(data, name)
        if found.code:
            return Result(found.code)
        return Result("", "", found.content_type, store.keep(data), len(data))
    except FetchFailed as failed:
        return _failed(failed)
    except (AddressRefused, ValueError):  # among them a name that no name server takes
        return Result(REFUSED, "address")
    except DiskFull as full:
        return Result(UNREACHABLE, full.code, again=True)


def _failed(failed: FetchFailed) -> Result:
    if failed.why == "size":
        return Result(TOO_LARGE)
    if failed.status in _GONE:
        return Result(MISSING, f"HTTP {failed.status}")
    detail = f"HTTP {failed.status}" if failed.status else failed.why
    again = failed.status == 0 or failed.status >= 500 or failed.status in _LATER
    return Result(UNREACHABLE, detail, again=again)


def fetch_all(
    rows: Sequence[DeliveryFile],
    stopping: Callable[[], bool],
    fetch: Fetch = fetch,
    seconds: float = TURN,
) -> Iterator[list[Fetched]]:
    """Ask the addresses, a few at a time of each host. Yields some results as they come in.

    After so many seconds no more are asked, and at once after ``stopping``: what was not asked
    waits as before.
    """
    done: queue.SimpleQueue[Fetched] = queue.SimpleQueue()
    over, until = threading.Event(), time.monotonic() + seconds
    places = _places(rows)
    threads = [
        threading.Thread(target=_work, args=(places, done, over, fetch), daemon=True)
        for _ in range(min(POOL, places.qsize()))
    ]
    for thread in threads:
        thread.start()
    left = len(rows)
    try:
        # Threads first: when none is at work, nothing comes in any more.
        while left and not stopping() and (_at_work(threads) or not done.empty()):
            if time.monotonic() >= until:
                over.set()
            if found := _some(done, left):
                left -= len(found)
                yield found
    finally:
        over.set()


def _places(rows: Sequence[DeliveryFile]) -> queue.SimpleQueue[_Waiting]:
    """The rows of each host, as many times as it may be asked at once, the hosts in turns."""
    by_host: defaultdict[str, _Waiting] = defaultdict(deque)
    for row in rows:
        by_host[urlsplit(row.origin).netloc.lower()].append(row)
    places: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
    for place in range(PER_HOST):
        for waiting in by_host.values():
            if place < len(waiting):
                places.put(waiting)
    return places


def _at_work(threads: Sequence[threading.Thread]) -> bool:
    return any(thread.is_alive() for thread in threads)


def _some(done: queue.SimpleQueue[Fetched], most: int) -> list[Fetched]:
    """Results that come in within a moment."""
    found: list[Fetched] = []
    try:
        while len(found) < min(most, _TOGETHER):
            found.append(done.get(timeout=_RECORD_WITHIN))
    except queue.Empty:
        pass
    return found


def _work(
    places: queue.SimpleQueue[_Waiting],
    done: queue.SimpleQueue[Fetched],
    over: threading.Event,
    fetch: Fetch,
) -> None:
    """Ask one address after another. Who finds no place is not needed: each has its thread."""
    while not over.is_set():
        try:
            waiting = places.get_nowait()
        except queue.Empty:
            return
        try:
            row = waiting.popleft()
        except IndexError:  # another place of the same host has had the last one
            continue
        done.put((row, _result(row, fetch)))
        places.put(waiting)


def _result(row: DeliveryFile, fetch: Fetch) -> Result:
    try:
        return fetch(row.origin, row.name)
    except Refused as refusal:
        return Result(UNREACHABLE, refusal.code, again=True)
    except Exception as error:  # a library's error with one address must not cost the others
        log.warning("file_not_fetched", error=type(error).__name__)
        return Result(UNREACHABLE, type(error).__name__, again=True)
