"""How fast readers are answered and counted: ``python -m benchmarks.engagement``.

    python -m benchmarks.engagement [--engine postgresql] [--seconds 20] [--rate 0]

The site is the real one (``manage.py serve`` with its scheduler, which counts and sends), the
readers another process on the same machine: 16 connections that stay open, over which links of
letters are followed, as fast as they are answered or ``--rate`` a second. A mailing is being sent
beside it all the time, to a mail server on this machine; its rate is given alone, and with the
readers. The lag is that of the oldest click that is not counted, or how long the last one took
after the end. ``postgresql`` needs a server on 127.0.0.1:5432 (user postgres, trust).
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

from benchmarks.send import free_port, table
from config.environment import BASE_DIR
from tests.faults.installation import Installation

CONNECTIONS: Final = 16
LETTERS: Final = 20_000
#: Bars: clicks a second, milliseconds of 99 of 100, seconds of lag, share of the sender's rate.
RATE, P99, LAG, SLOWER = 1_500.0, 50.0, 5.0, 0.1
_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.0"
_COUNTED: Final = "SELECT coalesce(sum(count), 0) FROM mailings_engagementhour"
_SENT: Final = "SELECT coalesce(sum(sent), 0) FROM mailings_run WHERE state <> 'done'"


class Readers:
    """Connections over which links are followed until the time is over."""

    def __init__(self, port: int, tokens: list[str], rate: float) -> None:
        self.milliseconds: list[float] = []
        self._port, self._tokens = port, tokens
        self._pause = CONNECTIONS / rate if rate else 0.0

    def read(self, seconds: float) -> None:
        until = time.perf_counter() + seconds
        threads = [
            threading.Thread(target=self._follow, args=(share, until))
            for share in range(CONNECTIONS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _follow(self, share: int, until: float) -> None:
        at, tokens = 0, self._tokens[share::CONNECTIONS]
        with socket.create_connection(("127.0.0.1", self._port), timeout=30) as line:
            due = time.perf_counter()
            while (began := time.perf_counter()) < until:
                token = tokens[at % len(tokens)]
                at += 1
                head = f"GET /l/{token}/1 HTTP/1.1\r\nHost: e\r\nUser-Agent: {_AGENT}\r\n\r\n"
                line.sendall(head.encode())
                answer = b""
                while b"\r\n\r\n" not in answer:
                    answer += line.recv(4096)
                if not answer.startswith(b"HTTP/1.1 302"):
                    raise SystemExit(f"the site answers {answer[:200]!r}")
                self.milliseconds.append((time.perf_counter() - began) * 1000)
                due += self._pause
                if self._pause:
                    time.sleep(max(due - time.perf_counter(), 0.0))


_HEAD: Final = [
    *("clicks/s", "median ms", "99 of 100 within ms", "lag s"),
    *("sent/s alone", "sent/s beside"),
]


def measure(place: Installation, port: int, options: argparse.Namespace) -> bool:
    """The table. Returns whether every bar is held."""
    done = place.run([sys.executable, "-m", "tests.faults.engagement.seed", str(LETTERS)])
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    tokens = list(json.loads(done.stdout).values())
    alone = _sending(place, options.seconds)
    readers = Readers(port, tokens, options.rate)
    lags: list[float] = []
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(place, readers, lags, over))
    before, began = _number(place, _SENT), time.perf_counter()
    watcher.start()
    readers.read(options.seconds)
    took = time.perf_counter() - began
    beside = (_number(place, _SENT) - before) / took
    if beside < 0:
        raise SystemExit("the mailing ended before the readers did: it needs more --mails")
    ended, count = time.perf_counter(), len(readers.milliseconds)
    while _number(place, _COUNTED) < count and time.perf_counter() < ended + 60:
        time.sleep(0.1)
    last = time.perf_counter() - ended
    over.set()
    watcher.join()
    rate, late = count / took, statistics.quantiles(readers.milliseconds, n=100)[-1]
    lag = max([last, *lags])
    middle = statistics.median(readers.milliseconds)
    figures = [f"{rate:.0f}", *(f"{one:.1f}" for one in (middle, late, lag))]
    table([_HEAD, [*figures, f"{alone:.0f}", f"{beside:.0f}"]])
    print(f"load {os.getloadavg()[0]:.1f}, {_number(place, _COUNTED)} of {count} counted")
    if options.engine == "postgresql":
        table(_sizes(place))
    if options.engine == "sqlite":
        return beside >= alone * (1 - SLOWER)
    return rate >= RATE and late <= P99 and lag <= LAG


def _sizes(place: Installation) -> list[list[str]]:
    """What is kept of the readers, with its indexes, one row of each table for one of these."""
    tables = {
        "mailings_engagement": "recipient of a run who reacted",
        "mailings_linkengagement": "recipient and link",
        "mailings_activity": "recipient",
        "mailings_engagementhour": "run, hour, kind and term",
        "mailings_engagementshare": "run and device, program or domain",
    }
    rows = [["table", "one row for each", "rows", "bytes a row"]]
    for name, what in tables.items():
        count = _number(place, f"SELECT count(*) FROM {name}")
        size = _number(place, f"SELECT pg_total_relation_size('{name}')")
        rows.append([name, what, str(count), str(size // max(count, 1))])
    return rows


def _sending(place: Installation, seconds: float) -> float:
    """What is sent in a second while nobody reads."""
    until = time.perf_counter() + 60
    while not _number(place, _SENT):
        if time.perf_counter() > until:
            raise SystemExit("the mailing does not begin")
        time.sleep(0.1)
    before, began = _number(place, _SENT), time.perf_counter()
    time.sleep(seconds)
    return (_number(place, _SENT) - before) / (time.perf_counter() - began)


def _watch(place: Installation, readers: Readers, lags: list[float], over: threading.Event) -> None:
    """How long ago as many had been answered as are counted now."""
    moments: list[tuple[float, int]] = []
    while not over.wait(0.25):
        now = time.perf_counter()
        moments.append((now, len(readers.milliseconds)))
        counted = _number(place, _COUNTED)
        waiting = [at for at, answered in moments if answered > counted]
        lags.append(now - waiting[0] if waiting else 0.0)


def _number(place: Installation, sql: str) -> int:
    return int(place.query(sql)[0][0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--engine", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate", type=float, default=0.0, help="clicks a second; 0: all that go")
    parser.add_argument("--mails", type=int, default=250_000, help="of the mailing beside it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        place = Installation(Path(directory), engine=options.engine)
        try:
            place.start()
            place.seed(options.mails)
            port = free_port()
            command = [sys.executable, str(BASE_DIR / "manage.py"), "serve", "--port", str(port)]
            site = place.spawn(command, stdout=subprocess.PIPE)
            assert site.stdout is not None
            if not site.stdout.readline().startswith("Serving"):
                raise SystemExit("the site did not start")
            raise SystemExit(0 if measure(place, port, options) else 1)
        finally:
            place.close()


if __name__ == "__main__":
    main()
