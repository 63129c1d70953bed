"""A download ends in time, whatever the server does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.core.http import outbound

#: Who waits so long has the whole list; far longer than is allowed.
DRIPS, PAUSE = 600, 0.05
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % DRIPS

Serve = Callable[[socket.socket, threading.Event], None]


def drip(sock: socket.socket, ended: threading.Event) -> None:
    for _byte in range(DRIPS):
        if ended.wait(PAUSE):
            break
        sock.sendall(b"a")


def drips_its_body(sock: socket.socket, ended: threading.Event) -> None:
    sock.sendall(HEAD)
    drip(sock, ended)


def drips_its_head(sock: socket.socket, ended: threading.Event) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    drip(sock, ended)
    sock.sendall(b"\r\nContent-Length: 0\r\n\r\n")


def says_nothing(sock: socket.socket, ended: threading.Event) -> None:
    ended.wait(DRIPS * PAUSE)
    sock.sendall(HEAD + b"a" * DRIPS)


def stops_in_the_middle(sock: socket.socket, ended: threading.Event) -> None:
    sock.sendall(HEAD + b"email\n")
    ended.wait(DRIPS * PAUSE)
    sock.sendall(b"a" * (DRIPS - 6))


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Starts a server on an address that stands for a public one, with an act for each connection
    in turn; returns its URL."""
    monkeypatch.setattr(outbound, "is_public", lambda address: True)
    ended = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def take_turns(acts: tuple[Serve, ...]) -> None:
        for act in acts:
            sock, _address = listener.accept()
            with sock:
                sock.recv(1000)
                try:
                    act(sock, ended)
                except OSError:
                    pass

    def serve(*acts: Serve) -> str:
        threading.Thread(target=take_turns, args=(acts,), daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/list.csv"

    yield serve
    ended.set()
    listener.close()


@pytest.mark.parametrize("act", [drips_its_body, drips_its_head, says_nothing, stops_in_the_middle])
def test_a_download_ends_in_time(act: Serve, serve: Callable[..., str], tmp_path: Path) -> None:
    url = serve(act)
    with pytest.raises(outbound.FetchFailed):
        outbound.download(url, tmp_path / "list", max_bytes=10**7, seconds=0.5)


def test_what_is_read_into_memory_ends_in_time_too(serve: Callable[..., str]) -> None:
    with pytest.raises(outbound.FetchFailed):
        outbound.read(serve(drips_its_body), max_bytes=10**7, seconds=0.5)


def test_what_comes_in_time_is_read(serve: Callable[..., str], tmp_path: Path) -> None:
    def answers(sock: socket.socket, ended: threading.Event) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nemail\n")

    outbound.download(serve(answers), tmp_path / "list", max_bytes=100, seconds=30)
    assert (tmp_path / "list").read_bytes() == b"email\n"


@pytest.mark.parametrize("encoding", ["", "Content-Encoding: gzip\r\n"])
def test_the_body_of_a_redirect_is_not_read(
    serve: Callable[..., str], tmp_path: Path, encoding: str
) -> None:
    left = threading.Event()

    def leads_away(sock: socket.socket, ended: threading.Event) -> None:
        head = f"HTTP/1.1 302 Found\r\nLocation: /there.csv\r\n{encoding}"
        sock.sendall(f"{head}Content-Length: 1000000000\r\n\r\n".encode())
        try:
            while not ended.is_set():
                sock.sendall(b"a" * 65536)
        finally:
            left.set()

    def answers(sock: socket.socket, ended: threading.Event) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nemail\n")

    url = serve(leads_away, answers)
    outbound.download(url, tmp_path / "list", max_bytes=100, seconds=5)
    assert (tmp_path / "list").read_bytes() == b"email\n"
    assert left.wait(5), "the connection is closed, so that nothing more of it comes"


def test_a_whole_download_has_a_minute() -> None:
    assert outbound.DOWNLOAD_SECONDS == 60
