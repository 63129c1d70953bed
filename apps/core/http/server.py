"""waitress with what a server needs that strangers may reach: deadlines, shares, sizes.

A connection that has sent no whole request is worth nothing yet: it is closed when its request is
too slow, and when a newer one needs its place. So slow visitors, however many, keep nobody out. A
body of more than ``ordinary_body`` bytes is read for signed-in senders of files only.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher, WSGITask
from waitress.utilities import Error, RequestEntityTooLarge

#: Seconds for the head of a request from its first byte, and for the first bytes of a body.
HEAD_SECONDS: Final = 15.0
BODY_SECONDS: Final = 15.0
#: After that a body comes at this speed, or not at all. Bytes in a second.
LEAST_SPEED: Final = 1_000
#: Seconds for which a connection may be kept without a request.
IDLE_SECONDS: Final = 30
#: Connections of one address; those of this machine and of trusted proxies have no such share.
PER_ADDRESS: Final = 100
#: Bodies of so many bytes wait in files; at most so many of strangers, and of signed-in senders.
LARGE_BODY: Final = 1_000_000
LARGE_BODIES: Final = 32
FILES_AT_A_TIME: Final = 8
_SWEEP_SECONDS: Final = 2


@dataclass(frozen=True, slots=True)
class Uploads:
    """Which requests may bring more than ``ordinary_body`` bytes, and how many.

    ``takes_files(method, path)`` is asked while the connection is served and must not wait for
    anything; ``is_signed_in(headers)`` may ask the database.
    """

    ordinary_body: int
    largest_body: int
    takes_files: Callable[[str, str], bool]
    is_signed_in: Callable[[Mapping[str, str]], bool]


class Busy(Error):  # type: ignore[misc]
    """Too many large bodies are being read already."""

    code = 503
    reason = "Service Unavailable"


class _Limits(Adjustments):  # type: ignore[misc]
    """The server's adjustments, and those for a request that may bring files."""

    def __init__(self, uploads: Uploads, is_proxy: Callable[[str], bool], **kwargs: Any) -> None:
        super().__init__(max_request_body_size=uploads.ordinary_body + 1, **kwargs)
        self.for_files = Adjustments(max_request_body_size=uploads.largest_body + 1)
        self.uploads = uploads
        self.is_proxy = is_proxy
        #: waitress itself stops to listen at its own limit; a newcomer shall be let in before.
        self.places = self.connection_limit
        self.connection_limit += 50


class _Request(HTTPRequestParser):  # type: ignore[misc]
    """A request that is being read. ``asks`` is True while it is open whether its body is read."""

    asks = admitted = counted = False

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.adj: Any = adj
        self.begun = time.monotonic()
        self.body_begun: float | None = None

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        self.body_begun = time.monotonic()
        limits: _Limits = self.adj
        large = self.chunked or self.content_length > limits.uploads.ordinary_body
        if large and limits.uploads.takes_files(self.command, self.path):
            self.adj, self.asks = limits.for_files, True

    @property
    def is_large(self) -> bool:
        """True if its body is so large that it waits in a file."""
        return bool(max(self.content_length, self.body_bytes_received) > LARGE_BODY)

    def is_late(self, now: float) -> bool:
        """True if it is slower than any honest client."""
        if self.asks:
            return False
        if self.body_begun is None:
            return now - self.begun > HEAD_SECONDS
        return _is_slow(now - self.body_begun, self.body_bytes_received)

    def refuse(self, error: Error) -> None:
        """Answer with this error; what still comes is not read."""
        self.error, self.completed, self.asks = error, True, False


class _Admission:
    """Finds out, in a thread that may wait, whether the sender of a large body has signed in."""

    def __init__(self, channel: _Channel, request: _Request) -> None:
        self._channel, self._request = channel, request

    def service(self) -> None:
        admitted = False
        try:
            admitted = self._channel.adj.uploads.is_signed_in(self._request.headers)
        finally:
            self._channel.admit(self._request, admitted)

    def cancel(self) -> None:
        self._channel.cancel()


class _Task(WSGITask):  # type: ignore[misc]
    """One answer. No byte follows its head when the request was HEAD (RFC 9110, 9.3.2)."""

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        if self.request.command == "HEAD":
            environ.pop("wsgi.file_wrapper", None)  # would be sent past write()
        return environ

    def write(self, data: bytes) -> None:
        super().write(b"" if self.request.command == "HEAD" else data)

    def finish(self) -> None:
        if self.request.command != "HEAD":
            super().finish()
        elif not self.wrote_header:
            self.write(b"")


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection. Nothing is lost when one that ``is_waiting`` is closed."""

    task_class = _Task
    parser_class = _Request

    def __init__(self, server: Server, sock: Any, addr: Any, adj: _Limits, map: Any = None) -> None:
        self.free_since = time.monotonic()
        self.sending_since: float | None = None
        self.sent = 0
        super().__init__(server, sock, addr, adj, map=map)
        server.make_room(self)

    def readable(self) -> bool:
        request = self.request
        return bool(super().readable()) and not (request is not None and request.asks)

    def received(self, data: bytes) -> bool:
        before = self.request
        taken: bool = super().received(data)
        request = self.request
        if request is None or not request.headers_finished:
            return taken
        if request.asks and request is not before:
            self.server.add_task(_Admission(self, request))
        elif request.is_large and not (request.counted or request.asks):
            request.counted = True
            self.server.make_room_for_a_body()
        return taken

    def admit(self, request: _Request, admitted: bool) -> None:
        """Read on, or answer that so much is not taken."""
        if not admitted:
            self._refuse(request, RequestEntityTooLarge("sign in to send files"))
        elif len(self.server.bodies(admitted=True)) >= FILES_AT_A_TIME:
            self._refuse(request, Busy("too many files are being uploaded, try again"))
        else:
            request.admitted, request.asks = True, False
        self.server.pull_trigger()

    def _refuse(self, request: _Request, error: Error) -> None:
        with self.requests_lock:
            request.refuse(error)
            self.requests.append(request)
            self.request = None
        self.server.add_task(self)

    def send(self, data: bytes, do_close: bool = True) -> int:
        count: int = super().send(data, do_close=do_close)
        self.sent += count
        return count

    def service(self) -> None:
        super().service()
        self.free_since = time.monotonic()

    def is_waiting(self) -> bool:
        """True if it has no request in work, no answer under way, and no upload of a known user."""
        request = self.request
        known = request is not None and request.admitted
        return not (known or self.requests or self.total_outbufs_len or self.will_close)

    def is_late(self, now: float) -> bool:
        """True if it had time to read, or to send its next request. Blank lines are none."""
        if self.total_outbufs_len:
            if self.sending_since is None:
                self.sending_since, self.sent = now, 0
            return _is_slow(now - self.sending_since, self.sent)
        self.sending_since = None
        if self.requests:
            return False
        request = self.request
        if request is not None:
            return bool(request.is_late(now))
        return now - self.free_since > IDLE_SECONDS + HEAD_SECONDS


class Server(TcpWSGIServer):  # type: ignore[misc]
    """One listening socket and its threads."""

    channel_class = _Channel

    def make_room(self, newcomer: _Channel) -> None:
        """Close the connection that has waited longest, when there is no place for one more."""
        others = [one for one in self.active_channels.values() if not one.will_close]
        whose = _whose(newcomer.addr[0])
        if not (_is_here(whose) or self.adj.is_proxy(whose)):
            same = [one for one in others if _whose(one.addr[0]) == whose]
            if len(same) > PER_ADDRESS:
                _close_oldest(same)
                return
        if len(others) > self.adj.places:
            _close_oldest(others)

    def make_room_for_a_body(self) -> None:
        """Close the slowest connection that brings a large body, when there are too many."""
        found = self.bodies(admitted=False)
        if len(found) > LARGE_BODIES:
            _close_oldest(found)

    def bodies(self, *, admitted: bool) -> list[_Channel]:
        """The connections that bring, or have brought, a large body."""
        return [
            channel
            for channel in list(self.active_channels.values())
            for request in (channel.request, *channel.requests)
            if request is not None and request.is_large and request.admitted is admitted
        ]

    def maintenance(self, now: float) -> None:
        """Close what is idle or late."""
        super().maintenance(now)
        moment = time.monotonic()
        for channel in self.active_channels.values():
            if channel.is_late(moment):
                channel.will_close = True


def make_server(
    application: Any,
    *,
    listener: Any,
    uploads: Uploads,
    is_proxy: Callable[[str], bool],
    threads: int,
    **kwargs: Any,
) -> Server:
    """A server for this socket. ``is_proxy`` knows the peers that bring many visitors."""
    limits = _Limits(
        uploads,
        is_proxy,
        threads=threads,
        channel_timeout=IDLE_SECONDS,
        cleanup_interval=_SWEEP_SECONDS,
        max_request_header_size=65_536,
        # The site decides whose X-Forwarded-* it believes (apps.core.http.proxies).
        clear_untrusted_proxy_headers=False,
        ident="",
        **kwargs,
    )
    dispatcher = ThreadedTaskDispatcher()
    dispatcher.set_thread_count(threads)
    where = (listener.family, listener.type, listener.proto, listener.getsockname())
    return Server(
        application,
        {},
        _sock=listener,
        dispatcher=dispatcher,
        adj=limits,
        bind_socket=False,
        sockinfo=where,
    )


def _whose(address: str) -> str:
    """Whom the share of this address belongs to: of IPv6, the network of one household."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    if found.version == 4 or mapped:
        return str(mapped or found)
    return str(ipaddress.ip_network((found, 64), strict=False).network_address)


def _is_here(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback


def _is_slow(seconds: float, count: int) -> bool:
    over = seconds - BODY_SECONDS
    return over > 0 and count < over * LEAST_SPEED


def _close_oldest(channels: list[_Channel]) -> None:
    """Close the one that has waited longest. One of them, the newcomer, always waits."""
    waiting = [one for one in channels if one.is_waiting()]
    if waiting:
        min(waiting, key=lambda one: one.free_since).will_close = True
