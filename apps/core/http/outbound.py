"""Requests to addresses that a user has written: never into the house.

The name is resolved once, every address is judged, and the connection goes to the very address that
was judged, so that a second answer of the name server changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpcore
import httpx
from django.utils.translation import gettext as _

from apps.core.errors import Refused

#: What no public site has, and the standard library lets through in one version or another:
#: IPv4 inside IPv6, behind which a private address may stand (RFC 4291, 2765, 6052, 8215, 3056,
#: 4380), site-local addresses (RFC 3879), relays (RFC 7526), examples (RFC 9637), segment routing
#: (RFC 9602), discarding (RFC 6666), and of IPv4 carriers' networks and everything for no host.
_NEVER: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "::/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 "
        "2002::/16 3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8 "
        "0.0.0.0/8 100.64.0.0/10 192.0.0.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 "
        "192.175.48.0/24 198.18.0.0/15 224.0.0.0/4 240.0.0.0/4 "
    ).split()
)
#: For a whole download, and the longest silence in one.
DOWNLOAD_SECONDS: Final = 60.0
_SILENCE: Final = 30.0
_HOPS: Final = 3


class AddressRefused(Refused):
    """The address may not be asked: it is none, or it lies inside a private network."""

    code = "address_refused"


class FetchFailed(Refused):
    """The address could not be read. ``status``: what it answered; 0 when it answered nothing.

    ``why`` it answered nothing: host (there is no such name), tls, time, hops, or nothing of these;
    size: more than was asked for.
    """

    code = "fetch_failed"

    def __init__(self, text: str, status: int = 0, why: str = "") -> None:
        super().__init__(text)
        self.status, self.why = status, why


@dataclass(frozen=True, slots=True)
class Seen:
    """What an address answered. ``size``: bytes of the body as far as it was read or announced."""

    status: int
    size: int = 0


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document, or that it has not changed (``content`` is None).

    ``url``: where it was found in the end; ``moved``: it was led there, every time for good.
    ``headers`` are those of the answer, their names in small letters.
    """

    content: bytes | None
    url: str
    moved: bool
    headers: Mapping[str, str]


class _Blocked(httpx.RequestError):
    """The transport's word for AddressRefused."""


class _HostUnknown(httpx.ConnectError):
    """The name has no address."""


def is_public(address: str) -> bool:
    """True if a user may make us connect to this IP address."""
    found = ipaddress.ip_address(address.split("%")[0])
    real = getattr(found, "ipv4_mapped", None) or found
    if any(real in network for network in _NEVER):
        return False
    return bool(real.is_global)


class _PunctualStream(httpcore.NetworkStream):
    """A connection that waits for nothing beyond the deadline of the whole call."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        seconds = _left(self._deadline, timeout)
        secure = self._stream.start_tls(ssl_context, server_hostname, seconds)
        return _PunctualStream(secure, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _PunctualBackend(httpcore.SyncBackend):
    def __init__(self, deadline: float) -> None:
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        seconds = _left(self._deadline, timeout)
        stream = super().connect_tcp(host, port, seconds, local_address, socket_options)
        return _PunctualStream(stream, self._deadline)


def _left(deadline: float, timeout: float | None) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the whole call took too long")
    return left if timeout is None else min(left, timeout)


class GuardedTransport(httpx.HTTPTransport):
    """Resolves once, refuses what is not public, and connects to what was judged.

    A server that sends a byte now and then is not waited for beyond ``deadline``, a time of
    ``time.monotonic``: httpx itself limits each silence only. ``local``: the address was declared
    by those who run the site, and may lie inside the house.
    """

    def __init__(self, deadline: float, *, local: bool = False) -> None:
        super().__init__(trust_env=False)
        self._local = local
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            network_backend=_PunctualBackend(deadline),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        if url.scheme not in ("http", "https") or url.userinfo:
            raise _Blocked("scheme or credentials", request=request)
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = socket.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise _HostUnknown(str(error), request=request) from error
        addresses = [str(entry[4][0]) for entry in found]
        if not addresses or not (self._local or all(map(is_public, addresses))):
            raise _Blocked("not a public address", request=request)
        request.headers.setdefault("host", url.netloc.decode())
        extensions = dict(request.extensions)
        if url.scheme == "https":
            extensions["sni_hostname"] = url.host
        # Another request, so that a redirect without a host is followed on the name's own site.
        judged = httpx.Request(
            request.method,
            url.copy_with(host=addresses[0]),
            headers=request.headers,
            stream=request.stream,
            extensions=extensions,
        )
        return _without_body_of_redirect(super().handle_request(judged))


def _without_body_of_redirect(answer: httpx.Response) -> httpx.Response:
    """The answer; of one that only leads on, no more than its head.

    httpx reads the body of a redirect to its end before it follows, whatever its size.
    """
    if not answer.has_redirect_location:
        return answer
    answer.close()
    about_body = (b"content-encoding", b"content-length", b"transfer-encoding")
    headers = [one for one in answer.headers.raw if one[0].lower() not in about_body]
    return httpx.Response(
        answer.status_code, headers=headers, content=b"", extensions=answer.extensions
    )


class Site:
    """Asks the addresses of one site, over connections that are kept, until the deadline.

    ``headers`` may hold a secret: httpx sends no Authorization to where a redirect leads away.
    """

    def __init__(
        self, seconds: float, *, headers: Mapping[str, str] | None = None, local: bool = False
    ) -> None:
        self._client = httpx.Client(
            transport=GuardedTransport(time.monotonic() + seconds, local=local),
            timeout=min(_SILENCE, seconds),
            trust_env=False,
            max_redirects=_HOPS,
            headers={"Accept-Encoding": "identity", **(headers or {})},
        )

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def read(self, url: str, *, max_bytes: int) -> bytes:
        """What this very address answers: nothing that it points to is asked instead.

        Raises AddressRefused or FetchFailed.
        """
        with self._asked(url, follow=False) as answer:
            return b"".join(_unpacked(answer, max_bytes))

    def post(self, url: str, content: bytes, *, max_bytes: int) -> bytes:
        """What this very address answers to this content. Raises AddressRefused or FetchFailed."""
        with self._asked(url, follow=False, content=content) as answer:
            return b"".join(_unpacked(answer, max_bytes))

    def save(self, url: str, target: Path, *, max_bytes: int) -> None:
        """Write what the address answers into ``target``.

        Raises AddressRefused or FetchFailed; what is longer is not read to its end.
        """
        with self._asked(url, follow=True) as answer, target.open("wb") as file:
            for part in _unpacked(answer, max_bytes):
                file.write(part)

    def fetch(self, url: str, *, max_bytes: int, headers: Mapping[str, str]) -> Fetched:
        """The document behind the address, wherever it has moved to; asked with these headers.

        Raises AddressRefused or FetchFailed.
        """
        with self._asked(url, follow=True, any_status=True, headers=headers) as answer:
            if answer.status_code not in (200, 304):
                text = _("The address answers: %d.") % answer.status_code
                raise FetchFailed(text, answer.status_code)
            is_new = answer.status_code == 200
            return Fetched(
                content=b"".join(_unpacked(answer, max_bytes)) if is_new else None,
                url=str(answer.url),
                moved={one.status_code for one in answer.history} in ({301}, {308}, {301, 308}),
                headers=dict(answer.headers),
            )

    def answers(self, url: str) -> None:
        """Ask the address, and read nothing of its answer. Raises AddressRefused, FetchFailed."""
        with self._asked(url, follow=True):
            pass

    def status_of(self, url: str, *, max_bytes: int = 0) -> Seen:
        """What the address answers, whatever its status; of the body at most so many bytes.

        Raises AddressRefused or FetchFailed.
        """
        with self._asked(url, follow=True, any_status=True) as answer:
            announced = answer.headers.get("content-length", "")
            size = int(announced) if announced.isdecimal() else 0
            if max_bytes and not size:
                for part in answer.iter_raw():
                    size += len(part)
                    if size > max_bytes:
                        break
            return Seen(answer.status_code, size)

    @contextmanager
    def _asked(
        self,
        url: str,
        *,
        follow: bool,
        any_status: bool = False,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[httpx.Response]:
        method = "GET" if content is None else "POST"
        asked = self._client.stream(
            method, url, content=content, headers=headers, follow_redirects=follow
        )
        try:
            with asked as answer:
                if answer.status_code != 200 and not any_status:
                    text = _("The address answers: %d.") % answer.status_code
                    raise FetchFailed(text, answer.status_code)
                yield answer
        except (_Blocked, httpx.UnsupportedProtocol) as error:
            raise AddressRefused(_("This address may not be read.")) from error
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:  # a host of no use
            raise FetchFailed(_("The address cannot be read."), why=_why(error)) from error


def _why(error: BaseException) -> str:
    """Of a failure that has no status, in one word."""
    found: BaseException | None = error
    while found is not None:
        match found:
            case _HostUnknown() | UnicodeError():
                return "host"
            case ssl.SSLError():
                return "tls"
            case httpx.TimeoutException() | TimeoutError():
                return "time"
            case httpx.TooManyRedirects():
                return "hops"
        found = found.__cause__ or found.__context__
    return ""


def download(url: str, target: Path, *, max_bytes: int, seconds: float = DOWNLOAD_SECONDS) -> None:
    """Write what the address answers into ``target``, in so many seconds for the whole.

    Raises AddressRefused or FetchFailed; what is longer than ``max_bytes`` is not read to its end.
    """
    with Site(seconds) as site:
        site.save(url, target, max_bytes=max_bytes)


def read(url: str, *, max_bytes: int, seconds: float) -> bytes:
    """What this very address answers: nothing that it points to is asked instead.

    ``seconds``: for the whole. Raises AddressRefused or FetchFailed.
    """
    with Site(seconds) as site:
        return site.read(url, max_bytes=max_bytes)


def _unpacked(answer: httpx.Response, max_bytes: int) -> Iterator[bytes]:
    """The body, unpacked no further than it may be long: a few kilobytes can hold gigabytes.

    Nothing here is left to httpx, which unpacks a whole piece, in as many layers as are named.
    """
    encoding = answer.headers.get("content-encoding", "").strip().lower() or "identity"
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise FetchFailed(_("The address cannot be read."))
    raw = answer.iter_raw()
    size = 0
    for part in raw if encoding == "identity" else _gunzipped(raw, max_bytes + 1):
        size += len(part)
        if size > max_bytes:
            raise FetchFailed(_("The file is too large."), why="size")
        yield part


def _gunzipped(raw: Iterator[bytes], most: int) -> Iterator[bytes]:
    """What one layer of gzip holds, up to so many bytes."""
    reader = zlib.decompressobj(wbits=31)
    for part in raw:
        try:
            found = reader.decompress(part, most)
        except zlib.error as error:
            raise FetchFailed(_("The address cannot be read.")) from error
        yield found
        most -= len(found)
        if reader.eof or not most:
            break
    if not reader.eof:
        raise FetchFailed(_("The address cannot be read."))
