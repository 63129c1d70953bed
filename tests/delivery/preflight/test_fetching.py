"""Addresses are asked eight at a time, behind the guard, and nobody waits for one that is slow."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from apps.core.http import outbound
from apps.delivery.preflight import fetching
from apps.delivery.preflight.fetching import Answer, ask, ask_all

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n"
Serve = Callable[[bytes], str]


class Server:
    """Answers each connection with what was set, or says nothing; counts who is inside."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=500)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        self.answer: bytes | None = OK
        self.inside = self.most = self.asked = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with sock:
            with self._lock:
                self.inside, self.asked = self.inside + 1, self.asked + 1
                self.most = max(self.most, self.inside)
            sock.recv(4_000)
            if self.answer is None:
                sock.recv(1)  # until the other side has gone
            else:
                sock.sendall(self.answer)
            with self._lock:
                self.inside -= 1

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """On an address that stands for a public one."""
    monkeypatch.setattr(outbound, "is_public", lambda address: True)
    running = Server()
    yield running
    running.close()


def test_a_tarpit_of_links_ends_with_the_time_that_there_is(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "ONE_SECONDS", 0.4)
    server.answer = None
    begun = time.monotonic()
    found = ask_all([f"{server.url}{number}" for number in range(200)], 1.0)
    assert time.monotonic() - begun < 5
    assert set(found.values()) <= {Answer(why="time")} and len(found) < 200
    assert server.most <= fetching.AT_A_TIME


def test_each_address_is_asked_once(server: Server) -> None:
    found = ask_all([server.url, server.url, f"{server.url}other"], 20.0)
    assert found == {server.url: Answer(200, size=6), f"{server.url}other": Answer(200, size=6)}
    assert server.asked == 2


@pytest.mark.parametrize("status", [404, 410, 503, 401, 429])
def test_a_status_is_returned_whatever_it_is(server: Server, status: int) -> None:
    server.answer = b"HTTP/1.1 %d No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status
    assert ask(server.url, 20.0) == Answer(status)


def test_three_redirects_are_followed_and_no_more(server: Server) -> None:
    server.answer = (
        b"HTTP/1.1 302 Found\r\nLocation: /on\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    assert ask(server.url, 20.0) == Answer(why="hops")
    assert server.asked == 4


def test_what_is_not_announced_is_measured_up_to_the_limit(server: Server) -> None:
    server.answer = b"HTTP/1.0 200 OK\r\n\r\n" + b"a" * 300_000
    assert ask(server.url, 20.0, 200_000).size > 200_000
    assert ask(server.url, 20.0).size == 0


def test_no_tls_is_no_certificate(server: Server) -> None:
    assert ask(server.url.replace("http:", "https:"), 20.0) == Answer(why="tls")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://user:pass@example.com/",
        "ftp://example.com/",
        f"http://{'a' * 70}.example.com/",
    ],
)
def test_nothing_inside_the_house_is_asked(url: str) -> None:
    assert ask(url, 5.0).why in ("blocked", "host")


def test_a_name_without_a_server_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert ask("https://nohost.test/", 5.0) == Answer(why="host")


def test_an_error_with_one_address_costs_no_other(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = fetching.ask

    def breaks(url: str, seconds: float, max_bytes: int = 0) -> Answer:
        if url.endswith("odd"):
            raise RuntimeError("a library's bug")
        return good(url, seconds, max_bytes)

    monkeypatch.setattr(fetching, "ask", breaks)
    found = ask_all([f"{server.url}odd", server.url], 20.0)
    assert found == {f"{server.url}odd": Answer(), server.url: Answer(200, size=6)}
