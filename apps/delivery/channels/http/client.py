"""The only HTTP client: calls of which it is always known how far they came.

A call ends in an ``HttpResponse``, or says by its exception what may have happened:

CallFailed
├─ NotSent       the request's last byte has not left this machine; ``blame`` says whose fault
├─ GuardRefused  the guard said no; nothing has left
└─ ResponseLost  it may have left, and no complete answer that can be understood was read

Sockets and TLS are the standard library's, and so is the reading of answers. A client library
(httpx: 370 us of processor time per request here, this module: 60) does not show at which byte a
call failed, and its time limits are per read, so that a slow drip holds a connection for ever.
No redirect is followed, no process variable read, no compressed answer unpacked.
"""

from __future__ import annotations

import io
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from types import MappingProxyType
from typing import Any, cast
from urllib.parse import urlsplit

from apps.core.contracts import Blame
from apps.core.responses.stored import NOTHING, Response, coded
from apps.delivery.channels.connection_errors import error_response

#: The most that is read of an answer's body, unless the client says otherwise, and of its head.
MAX_BODY = 64 * 1024
_MAX_HEAD = 32 * 1024
#: The part of a large request that waits for the guard; a smaller one waits as a whole.
_TAIL = 16 * 1024
#: A connection that was idle for longer is not used again: the server may be closing it.
_MAX_IDLE = 3.0
_WORD = re.compile(r"[!-~]+")
_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")


class CallFailed(Exception):
    """A call without an answer. ``response`` says why."""

    def __init__(self, response: Response = NOTHING) -> None:
        super().__init__(response)
        self.response = response


class NotSent(CallFailed):
    """The last byte of the request has not left."""

    def __init__(self, response: Response, blame: Blame = Blame.NETWORK) -> None:
        super().__init__(response)
        self.blame = blame


class GuardRefused(CallFailed):
    """The guard said no."""


class ResponseLost(CallFailed):
    """The request may have been processed."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, for one silence of the server, and for the whole call."""

    connect: float = 10.0
    read: float = 30.0
    total: float = 60.0


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A complete answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """Where calls go: what the address in ``.env`` says."""

    secure: bool
    host: str
    port: int
    path: str  # before what a call adds; no slash at the end

    @classmethod
    def of(cls, url: str) -> BaseUrl:
        """Raises ValueError when it is no http address, or says more than where."""
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        try:
            port = parts.port
        except ValueError:
            raise ValueError("has a port that is no number") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must begin with http:// or https:// and name a host")
        if parts.query or parts.fragment or "@" in parts.netloc or not _WORD.fullmatch(url):
            raise ValueError("must be an address without a name, a password, ? and #")
        port = port or (443 if secure else 80)
        return cls(secure, parts.hostname, port, parts.path.rstrip("/"))

    @property
    def name(self) -> str:
        """For the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


class Client:
    """What all calls to one site have in common."""

    def __init__(
        self,
        url: str,
        timeouts: Timeouts,
        headers: Mapping[str, str],
        *,
        most: int = MAX_BODY,
        ca_file: str = "",
    ) -> None:
        """``headers`` go with every call; ``most`` bytes of an answer's body are read.

        ``ca_file``: certificates that are trusted instead of the system's. Raises ValueError for
        what cannot stand in a header.
        """
        if not all(_PLAIN.fullmatch(value) for value in headers.values()):
            raise ValueError("a header holds a character that cannot stand there")
        self.base_url, self.timeouts, self.most = BaseUrl.of(url), timeouts, most
        self.context = tls(ca_file) if self.base_url.secure else None
        common = {"Host": self.base_url.name, "Accept-Encoding": "identity", **headers}
        self.headers = "".join(f"{name}: {value}\r\n" for name, value in common.items())

    def places(self) -> list[tuple[Any, ...]]:
        """Where the host is, as ``getaddrinfo`` returns it. Asked once for every new connection."""
        return socket.getaddrinfo(self.base_url.host, self.base_url.port, type=socket.SOCK_STREAM)


class Connection:
    """One connection, kept while it is clean. For one thread at a time."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._stream: _SocketStream | None = None
        self._used_at = 0.0

    def post(
        self,
        path: str,
        body: bytes,
        kind: str,
        allow: Callable[[], bool] | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> HttpResponse:
        """POST ``body`` of MIME type ``kind`` to the site's path + ``path``. Raises CallFailed.

        ``allow`` is asked right before the request, or the end of a large one, is written;
        ``headers`` go with this call only.
        """
        return self._call("POST", path, body, {"Content-Type": kind, **headers}, allow)

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        allow: Callable[[], bool] | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> HttpResponse:
        """GET, or another method without a body; the rest as in ``post``. Raises CallFailed."""
        return self._call(method, path, b"", headers, allow)

    def _call(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        allow: Callable[[], bool] | None,
    ) -> HttpResponse:
        target = f"{self._client.base_url.path}{path}"
        if target and not _WORD.fullmatch(target):
            raise NotSent(coded("bad_path"), Blame.ACCOUNT)
        head = f"{method} {target or '/'} HTTP/1.1\r\n{self._client.headers}"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        deadline = time.monotonic() + self._client.timeouts.total
        stream = self._ready(deadline)
        try:
            stream.write(request[:-_TAIL])
            if allow is not None and not allow():
                if len(request) > _TAIL:
                    self.close()
                raise GuardRefused
            stream.write(request[-_TAIL:])
        except OSError as error:
            self.close()
            raise NotSent(error_response(error)) from error
        return self._read_response(stream)

    def connect(self) -> None:
        """Connect and encrypt, and say nothing. Raises NotSent."""
        self._ready(time.monotonic() + self._client.timeouts.total)

    def close(self) -> None:
        """Drop the connection. May be called from another thread, and wakes the one inside."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.drop()

    def _ready(self, deadline: float) -> _SocketStream:
        stream = self._stream
        if stream is not None:
            if time.monotonic() - self._used_at < _MAX_IDLE and stream.is_quiet():
                stream.deadline = deadline
                return stream
            self.close()
        try:
            sock = _connected(self._client)
        except (OSError, UnicodeError) as error:
            raise NotSent(error_response(error)) from error
        self._stream = _SocketStream(sock, self._client, deadline)
        return self._stream

    def _read_response(self, stream: _SocketStream) -> HttpResponse:
        clean = False
        try:
            answer, clean = stream.read_response()
        except OSError as error:
            raise ResponseLost(error_response(error)) from error
        except (HTTPException, ValueError) as error:  # ValueError: a chunk's size that is none
            raise ResponseLost(coded("no_http", type(error).__name__)) from error
        finally:
            if not clean:
                self.close()
            self._used_at = time.monotonic()
        return answer


class _SocketStream(io.RawIOBase):
    """A socket under a deadline; what was read of one answer is counted."""

    def __init__(self, sock: socket.socket, client: Client, deadline: float) -> None:
        self._sock, self._silence = sock, client.timeouts.read
        self._most = client.most
        self.deadline = deadline
        self._seen = 0
        self._asleep = False
        self._reader = _Reader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._asleep:
            return None
        if self._seen > self._most + _MAX_HEAD:
            raise ResponseLost(coded("answer_too_long"))
        self._sock.settimeout(self._left())
        count = self._sock.recv_into(buffer)
        self._seen += count
        return count

    def write(self, data: Any) -> int:
        view = memoryview(data)
        while view:
            self._sock.settimeout(self._left())
            view = view[self._sock.send(view) :]
        return len(data)

    def is_quiet(self) -> bool:
        """True if it is open and the server has sent nothing unasked, not even a close."""
        try:
            self._sock.setblocking(False)
            socket.socket.recv(self._sock, 1, socket.MSG_PEEK)  # beneath TLS
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def read_response(self) -> tuple[HttpResponse, bool]:
        """The answer, and whether the connection can be used again."""
        self._seen = 0
        response = HTTPResponse(cast(socket.socket, self._reader), method="POST")
        response.begin()
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.status < 200:
            raise ResponseLost(coded("answer_not_final"))
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise ResponseLost(coded("answer_encoded"))
        if headers.get("transfer-encoding", "chunked").lower() != "chunked":
            raise ResponseLost(coded("answer_encoded"))
        if (response.length or 0) > self._most:
            raise ResponseLost(coded("answer_too_long"))
        body = response.read(self._most + 1)
        if len(body) > self._most:
            raise ResponseLost(coded("answer_too_long"))
        if response.length:
            raise ResponseLost(coded("answer_broken"))
        return HttpResponse(response.status, headers, body), not (
            response.will_close or self._more()
        )

    def drop(self) -> None:
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()

    def _more(self) -> bool:
        self._asleep = True
        try:
            return bool(self._reader.peek(1))
        finally:
            self._asleep = False

    def _left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(left, self._silence)


class _Reader(io.BufferedReader):
    """What the standard library takes for a socket: it outlives the answer it is read for."""

    def makefile(self, *_: object) -> _Reader:
        return self

    def close(self) -> None:
        pass


def tls(ca_file: str = "") -> ssl.SSLContext:
    """The system's authorities, or those in the file; TLS 1.2 at least.

    No process variable has session keys written.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(ca_file)
    else:
        context.load_default_certs()
    return context


def _connected(client: Client) -> socket.socket:
    """A connection to the first of the host's addresses that takes one."""
    site, context = client.base_url, client.context
    until = time.monotonic() + client.timeouts.connect
    last: OSError = socket.gaierror()
    for family, kind, protocol, _, address in client.places():
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(max(until - time.monotonic(), 0.01))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context is None:
                return sock
            return context.wrap_socket(sock, server_hostname=site.host)
        except ssl.SSLCertVerificationError:
            sock.close()
            raise
        except OSError as error:
            sock.close()
            last = error
    raise last
