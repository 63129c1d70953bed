"""The server that strangers reach: slow ones, greedy ones and many of them keep nobody out."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from waitress import wasyncore

from apps.core.http import server as http_server
from apps.core.http.server import Server, Uploads, make_server

KB = 1024
ORDINARY, LARGEST = 64 * KB, 1024 * KB


@dataclass
class House:
    """A server with small limits, and what it was asked."""

    port: int = 0
    taken: list[tuple[str, int]] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    signed_in: bool = True

    def application(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        body = environ["wsgi.input"].read()
        self.taken.append((environ["PATH_INFO"], len(body)))
        if environ["PATH_INFO"] == "/streamed":
            start_response("200 OK", [("Content-Type", "text/plain")])
            return (part for part in (b"one", b"two"))
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
        return [b"hello"]

    def is_signed_in(self, headers: Mapping[str, str]) -> bool:
        return self.signed_in and headers.get("COOKIE") == "sessionid=ours"

    def connect(self, address: str = "127.0.0.1") -> socket.socket:
        where = ("127.0.0.1", self.port)
        return socket.create_connection(where, timeout=10, source_address=(address, 0))

    def ask(self, text: str, address: str = "127.0.0.1") -> bytes:
        with self.connect(address) as sock:
            sock.sendall(text.encode())
            return read(sock)

    def post(self, path: str, size: int, *more: str, chunked: bool = False) -> tuple[bytes, int]:
        """Send a body of this size; the answer, and how many bytes went out."""
        length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
        head = "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", length, *more, "Connection: close"])
        sent = 0
        with self.connect() as sock:
            sock.sendall(f"{head}\r\n\r\n".encode())
            try:
                while sent < size:
                    part = b"a" * min(8 * KB, size - sent)
                    sock.sendall(b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)
                    sent += len(part)
                if chunked:
                    sock.sendall(b"0\r\n\r\n")
            except OSError:
                pass
            return read(sock), sent


def read(sock: socket.socket) -> bytes:
    """Everything until the other side closes."""
    found = b""
    try:
        while part := sock.recv(65_536):
            found += part
    except OSError:
        pass
    return found


def is_closed(sock: socket.socket) -> bool:
    """Does the other side close within a few seconds?"""
    sock.settimeout(8)
    try:
        while sock.recv(4096):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(http_server, "LARGE_BODY", 32 * KB)
    monkeypatch.setattr(http_server, "_SWEEP_SECONDS", 0)
    found = House()
    listener = socket.create_server(("127.0.0.1", 0))
    found.port = listener.getsockname()[1]
    server = make_server(
        found.application,
        listener=listener,
        uploads=Uploads(
            ORDINARY, LARGEST, lambda method, path: path == "/files", found.is_signed_in
        ),
        is_proxy=lambda address: address == "127.0.0.9",
        threads=2,
        connection_limit=40,
        asyncore_use_poll=True,
        asyncore_loop_timeout=1,
    )
    thread = threading.Thread(target=serve, args=(server,))
    thread.start()
    yield found
    stop(server)
    thread.join(10)
    assert not thread.is_alive()


def serve(server: Server) -> None:
    server.run()
    server.task_dispatcher.shutdown()


def stop(server: Server) -> None:
    """Let the loop end: it does when it has nothing to watch any more."""
    sockets = server._map
    server.trigger.pull_trigger(lambda: wasyncore.close_all(sockets))


def seconds(monkeypatch: pytest.MonkeyPatch, **limits: float) -> None:
    """Shorten the deadlines."""
    for name, value in limits.items():
        monkeypatch.setattr(http_server, name, value)


# --- sizes


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("path", ["/nothing/here", "/hooks/generic/wrong/"])
def test_a_strangers_large_body_is_not_read(house: House, path: str, chunked: bool) -> None:
    size = 64 * 1024 * KB
    answer, sent = house.post(path, size, chunked=chunked)
    assert answer == b"" or b" 413 " in answer
    assert sent < size / 2
    assert house.taken == []


def test_an_ordinary_body_is_taken_from_anybody(house: House) -> None:
    answer, _sent = house.post("/nothing/here", ORDINARY)
    assert b" 200 OK" in answer
    assert house.taken == [("/nothing/here", ORDINARY)]


@pytest.mark.parametrize("chunked", [False, True])
def test_who_has_signed_in_may_send_files(house: House, chunked: bool) -> None:
    size = LARGEST - 10 * KB  # what stands between the chunks counts as well
    answer, _sent = house.post("/files", size, "Cookie: sessionid=ours", chunked=chunked)
    assert b" 200 OK" in answer
    assert house.taken == [("/files", size)]


@pytest.mark.parametrize(
    "header", ["Cookie: sessionid=invented", "Authorization: Bearer x", "X: y"]
)
def test_a_cookie_that_is_not_ours_opens_nothing(house: House, header: str) -> None:
    size = 64 * 1024 * KB
    answer, sent = house.post("/files", LARGEST, header)
    assert answer == b"" or b" 413 " in answer
    answer, sent = house.post("/files", size, header)
    assert sent < size / 2
    assert house.taken == []


def test_even_files_have_a_size(house: House) -> None:
    answer, _sent = house.post("/files", LARGEST + 10 * KB, "Cookie: sessionid=ours")
    assert answer == b"" or b" 413 " in answer
    assert house.taken == []


def test_headers_have_a_size(house: House) -> None:
    assert b" 431 " in house.ask(f"GET / HTTP/1.1\r\nX: {'a' * 70_000}\r\n\r\n")


def test_large_bodies_make_room_for_each_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "LARGE_BODIES", 2)
    head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {60 * KB}\r\n\r\n".encode()
    socks = [house.connect() for _ in range(4)]
    for sock in socks:
        sock.sendall(head + b"a" * KB)
        time.sleep(0.1)
    assert [is_closed(sock) for sock in socks[:2]] == [True, True]
    socks[3].sendall(b"a" * 59 * KB)
    assert socks[3].recv(100).startswith(b"HTTP/1.1 200")
    for sock in socks:
        sock.close()


# --- deadlines


@pytest.mark.parametrize(
    "begin",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\na",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\na",
        b"\r\n",
        b"G",
    ],
    ids=["headers", "body", "chunks", "blank lines", "a letter"],
)
def test_who_drips_is_left(house: House, monkeypatch: pytest.MonkeyPatch, begin: bytes) -> None:
    seconds(monkeypatch, HEAD_SECONDS=1.0, BODY_SECONDS=1.0, IDLE_SECONDS=0)
    drop = b"\r\n" if begin == b"\r\n" else b"a"
    with house.connect() as sock:
        sock.sendall(begin)
        sock.settimeout(0.3)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                sock.sendall(drop)
                if sock.recv(1000) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        assert time.monotonic() < until


def test_who_does_not_read_is_left(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = http_server._Channel.__new__(http_server._Channel)
    channel.total_outbufs_len, channel.sending_since, channel.sent = 5, None, 0
    assert not channel.is_late(100.0)
    assert not channel.is_late(100.0 + http_server.BODY_SECONDS)
    channel.sent = 1_000_000
    assert not channel.is_late(200.0)
    channel.sent = 100
    assert channel.is_late(200.0)


def test_a_steady_body_has_all_the_time_it_needs(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds(monkeypatch, BODY_SECONDS=0.3, LEAST_SPEED=1000)
    with house.connect() as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6000\r\n\r\n")
        for _ in range(6):
            sock.sendall(b"a" * 1000)
            time.sleep(0.3)
        assert sock.recv(100).startswith(b"HTTP/1.1 200")


# --- places


def test_slow_visitors_take_nobodys_place(house: House) -> None:
    slow = [house.connect() for _ in range(100)]
    for sock in slow:
        try:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\na")
        except OSError:
            pass  # closed already, for somebody newer
    assert house.ask("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    for sock in slow:
        sock.close()


@pytest.mark.parametrize(("peer", "kept"), [("127.0.0.9", 6), ("127.0.0.8", 3)])
def test_an_address_has_a_share_and_a_proxy_has_none(
    house: House, monkeypatch: pytest.MonkeyPatch, peer: str, kept: int
) -> None:
    monkeypatch.setattr(http_server, "PER_ADDRESS", 3)
    monkeypatch.setattr(http_server, "_is_here", lambda address: False)
    socks = []
    for _ in range(6):
        socks.append(house.connect(peer))
        time.sleep(0.05)
    time.sleep(0.5)
    alive = 0
    for sock in socks:
        try:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            alive += sock.recv(100).startswith(b"HTTP/1.1 200")
        except OSError:
            pass
        sock.close()
    assert alive == kept


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
    ],
)
def test_a_share_belongs_to_a_household(address: str, whose: str) -> None:
    assert http_server._whose(address) == whose


# --- HEAD


@pytest.mark.parametrize("path", ["/", "/streamed"])
def test_nothing_follows_the_head_of_an_answer_to_head(house: House, path: str) -> None:
    answer = house.ask(f"HEAD {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.partition(b"\r\n\r\n")[2] == b""


def test_a_connection_is_good_after_a_head(house: House) -> None:
    client = http.client.HTTPConnection("127.0.0.1", house.port, timeout=10)
    for method, body in (("HEAD", b""), ("GET", b"hello"), ("HEAD", b""), ("GET", b"hello")):
        client.request(method, "/")
        answer = client.getresponse()
        assert (answer.read(), answer.headers["Content-Length"]) == (body, "5")
    client.close()
