"""Whether the time of an answer says what a token is: ``python -m benchmarks.forged``.

    python -m benchmarks.forged [--engine sqlite] [--count 2000]

The site is the real one (``manage.py serve``), the reader another process on the same machine, over
one connection that stays open. So many addresses of each kind that lead nowhere are asked for, the
kinds in turns, so that whatever else the machine does falls on all of them: tokens with a changed
character, cut off, of another installation, and genuine ones with a number that no link has. What
is said is the median of each kind with its quartiles. The bar: the medians lie closer together than
the quartiles of any of them. ``postgresql`` needs a server on 127.0.0.1:5432 (user postgres,
trust).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.send import free_port, table
from config.environment import BASE_DIR
from tests.faults.installation import Installation

#: Letters whose tokens are varied, and requests before the first that counts.
LETTERS: Final = 200
WARM_UP: Final = 200
_SIGNS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def _forged(token: str) -> str:
    at = random.randrange(len(token))
    other = random.choice(_SIGNS.replace(token[at], ""))
    return f"/l/{token[:at]}{other}{token[at + 1 :]}/1"


#: The path of each kind, of a genuine token.
KINDS: Final[dict[str, Callable[[str], str]]] = {
    "forged": _forged,
    "truncated": lambda token: f"/l/{token[: random.randrange(1, len(token))]}/1",
    "foreign": lambda _token: f"/l/{secrets.token_urlsafe(24)}/1",
    "out of range": lambda token: f"/l/{token}/{random.randrange(2, 1_000)}",
}


class Reader:
    """Asks over one connection, and takes the time of each answer."""

    def __init__(self, port: int) -> None:
        self._line = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, path: str) -> float:
        """Microseconds until the whole answer was there, which must be 404."""
        request = f"GET {path} HTTP/1.1\r\nHost: e\r\nUser-Agent: benchmark\r\n\r\n".encode()
        began = time.perf_counter()
        self._line.sendall(request)
        answer = b""
        while not answer.endswith(b"</html>"):
            answer += self._received()
        took = time.perf_counter() - began
        if not answer.startswith(b"HTTP/1.1 404"):
            raise SystemExit(f"the site answers {path}: {answer[:200]!r}")
        return took * 1_000_000

    def _received(self) -> bytes:
        found = self._line.recv(8192)
        if not found:
            raise SystemExit("the site has closed the connection")
        return found

    def close(self) -> None:
        self._line.close()


def measure(port: int, tokens: list[str], count: int) -> bool:
    """The table. Returns whether the kinds look alike."""
    reader = Reader(port)
    took: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for turn in range(WARM_UP + count):
        for kind in random.sample(list(KINDS), len(KINDS)):
            one = reader.ask(KINDS[kind](random.choice(tokens)))
            if turn >= WARM_UP:
                took[kind].append(one)
    reader.close()
    quartiles = {kind: statistics.quantiles(found, n=4) for kind, found in took.items()}
    rows = [
        [kind, *(f"{one:.0f}" for one in (middle, low, high))]
        for kind, (low, middle, high) in quartiles.items()
    ]
    table([["404 for a token that is", "median µs", "quartile", "quartile"], *rows])
    medians = [middle for _low, middle, _high in quartiles.values()]
    apart, spread = max(medians) - min(medians), min(q[2] - q[0] for q in quartiles.values())
    print(f"{count} of each; medians {apart:.1f} µs apart, quartiles at least {spread:.1f} µs")
    print(f"load {os.getloadavg()[0]:.1f}")
    return apart < spread


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--engine", choices=["postgresql", "sqlite"], default="sqlite")
    parser.add_argument("--count", type=int, default=2_000, help="of each kind")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        place = Installation(Path(directory), engine=options.engine)
        try:
            place.start()
            place.seed(1)
            done = place.run([sys.executable, "-m", "tests.faults.engagement.seed", str(LETTERS)])
            if done.returncode:
                raise SystemExit(done.stderr[-3000:])
            port = free_port()
            command = [sys.executable, str(BASE_DIR / "manage.py"), "serve", "--port", str(port)]
            site = place.spawn(command, stdout=subprocess.PIPE)
            assert site.stdout is not None
            if not site.stdout.readline().startswith("Serving"):
                raise SystemExit("the site did not start")
            tokens = list(json.loads(done.stdout).values())
            raise SystemExit(0 if measure(port, tokens, options.count) else 1)
        finally:
            place.close()


if __name__ == "__main__":
    main()
