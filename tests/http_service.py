"""An HTTP service for tests that does what it is asked: right, wrong, slow or gone.

    with HttpService(json_reply({"code": 0})) as service:
        service.script.append(reset())      # the next request only
        ... call service.url ...
        assert service.requests[0].json == {...}

A reply is a list of steps: bytes to be written, seconds to wait, or an ``End`` of the connection.
Without an ``End`` the connection is kept. Waits end at once when the service is closed.
"""

from __future__ import annotations

import gzip
import json
import socket
import socketserver
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any, Self

from apps.delivery.channels.http.client import Timeouts


class End(Enum):
    """How a connection ends."""

    CLOSE = "close"
    RESET = "reset"


Step = bytes | float | End


@dataclass(frozen=True)
class Request:
    """One request as it came. Header names are in lower case. ``peer``: which connection."""

    line: str
    headers: dict[str, str]
    body: bytes
    peer: int

    @property
    def path(self) -> str:
        return self.line.split(" ")[1]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Reply = Callable[[Request], Iterable[Step]]


@dataclass(frozen=True)
class Unending:
    """A reply that is never whole: its client has to give up."""

    reply: Reply

    def __call__(self, request: Request) -> Iterable[Step]:
        return self.reply(request)


#: For a client whose time must not run out while a slow machine answers.
PATIENT = Timeouts(connect=30, read=30, total=30)


def timeouts_for(reply: Reply) -> Timeouts:
    """Short ones where nothing else ends the call."""
    return Timeouts(connect=30, read=0.4, total=0.8) if isinstance(reply, Unending) else PATIENT


class HttpService(socketserver.ThreadingTCPServer):
    """Answers with what stands in ``script``, one reply per request, then with ``usual``."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, usual: Reply) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.usual = usual
        self.script: deque[Reply] = deque()
        self.requests: list[Request] = []
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()

    def next_reply(self) -> Reply:
        try:
            return self.script.popleft()
        except IndexError:
            return self.usual


class _Connection(socketserver.StreamRequestHandler):
    server: HttpService
    disable_nagle_algorithm = True

    def handle(self) -> None:
        with suppress(OSError, ValueError):
            while (request := self._request()) is not None:
                self.server.requests.append(request)
                if self._play(self.server.next_reply()(request)):
                    return

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()

    def _request(self) -> Request | None:
        line = self.rfile.readline(65_536)
        headers: dict[str, str] = {}
        while (header := self.rfile.readline(65_536).strip()) != b"":
            name, _, value = header.decode().partition(":")
            headers[name.lower()] = value.strip()
        if not line:
            return None
        length = int(headers.get("content-length", "0"))
        body = self.rfile.read(length)
        if len(body) < length:
            return None
        return Request(line.decode().strip(), headers, body, self.client_address[1])

    def _play(self, steps: Iterable[Step]) -> bool:
        """True: the connection is over."""
        for step in steps:
            if isinstance(step, bytes):
                self.connection.sendall(step)
            elif isinstance(step, End):
                if step is End.RESET:
                    linger = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    # Other holders of the descriptor are closed without a word, too.
                    self.rfile.close()
                    self.connection.close()
                return True
            elif self.server.over.wait(step):
                return True
        return False


# --- replies ---


def steps(*of: Step) -> Reply:
    """Exactly these."""
    return lambda _: of


def answer(body: bytes, status: int = 200, **headers: str) -> Reply:
    """A whole and honest answer. Headers with ``_`` for ``-``."""
    return steps(written(body, status, **headers))


def written(body: bytes, status: int = 200, **headers: str) -> bytes:
    """The bytes of an answer; Content-Length is right unless it is given."""
    given = {name.replace("_", "-").title(): value for name, value in headers.items()}
    named = {"Content-Type": "application/json", "Content-Length": str(len(body)), **given}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status} Some Reason\r\n{lines}\r\n".encode() + body


def json_reply(value: object, status: int = 200, **headers: str) -> Reply:
    """A JSON answer."""
    return answer(json.dumps(value).encode(), status, **headers)


def html(status: int = 200) -> Reply:
    """A page that people are shown."""
    return answer(b"<html><body>Welcome!</body></html>", status, content_type="text/html")


def empty(status: int = 200) -> Reply:
    return answer(b"", status)


def huge() -> Reply:
    """10 MB, announced."""
    return answer(b" " * 10_000_000)


def endless() -> Reply:
    """Chunk after chunk, for ever."""

    def reply(_: Request) -> Iterable[Step]:
        yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        while True:
            yield b"1000\r\n" + b" " * 0x1000 + b"\r\n"

    return Unending(reply)


def endless_headers() -> Reply:
    """A header that never ends."""

    def reply(_: Request) -> Iterable[Step]:
        yield b"HTTP/1.1 200 OK\r\nX-Endless: "
        while True:
            yield b"a" * 4096

    return Unending(reply)


def drip(value: object, every: float = 0.05) -> Reply:
    """A good answer, a byte at a time: no single silence is long."""

    def reply(_: Request) -> Iterable[Step]:
        for byte in written(json.dumps(value).encode()):
            yield bytes([byte])
            yield every

    return Unending(reply)


def silence() -> Reply:
    """Nothing, until the test is over."""
    return Unending(steps(3600.0))


def slow(reply: Reply, seconds: float) -> Reply:
    """The same, later."""
    return lambda request: [seconds, *reply(request)]


def truncated(value: object, less: int = 1) -> Reply:
    """JSON that breaks off, with a length that fits what is there."""
    return answer(json.dumps(value).encode()[:-less])


def too_short(value: object) -> Reply:
    """Promises more bytes than come, then closes."""
    body = json.dumps(value).encode()
    return steps(written(body, content_length=str(len(body) + 100)), End.CLOSE)


def surplus(value: object) -> Reply:
    """A good answer, and then another that nobody asked for."""
    whole = written(json.dumps(value).encode())
    return steps(whole + whole)


def gzip_bomb() -> Reply:
    """A kilobyte that becomes 1 MB of blanks, as an encoding nobody asked for."""
    return answer(gzip.compress(b" " * 1_000_000), content_encoding="gzip")


def not_http() -> Reply:
    return steps(b"220 mail.example.org ESMTP\r\n", End.CLOSE)


def close() -> Reply:
    """The request is read, and nothing comes back."""
    return steps(End.CLOSE)


def reset() -> Reply:
    return steps(End.RESET)


def redirect(to: str = "http://169.254.169.254/latest/meta-data/", status: int = 302) -> Reply:
    return answer(b"", status, location=to)
