"""A download that is refused, or fails, says which of the two it is."""

from __future__ import annotations

import gzip
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from apps.core.http import outbound

Serve = Callable[[bytes], str]


@pytest.fixture
def serve(mocker: MockerFixture) -> Iterator[Serve]:
    """Starts a server that answers so, on an address that stands for a public one."""
    mocker.patch.object(outbound, "is_public", return_value=True)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(answer: bytes) -> str:
        def whole() -> None:
            sock, _address = listener.accept()
            with sock, suppress(OSError):  # of what is refused, the rest is not taken
                sock.recv(1000)
                sock.sendall(answer)

        threading.Thread(target=whole, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/list.csv"

    yield serve
    listener.close()


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world", "too large"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "cannot be read"),
        (b"", "cannot be read"),
    ],
    ids=["another status", "too large", "another protocol", "nothing"],
)
def test_what_is_no_good_answer_fails_with_its_reason(
    serve: Serve, tmp_path: Path, answer: bytes, text: str
) -> None:
    with pytest.raises(outbound.FetchFailed, match=text):
        outbound.download(serve(answer), tmp_path / "list", max_bytes=10, seconds=5)


@pytest.mark.parametrize(
    "url",
    [
        "http://anna:secret@127.0.0.1/list.csv",
        "ftp://127.0.0.1/list.csv",
        "file:///etc/passwd",
        "http://127.0.0.1/list.csv",
        "http://[::1]/list.csv",
    ],
)
def test_an_address_that_may_not_be_read_is_refused(url: str) -> None:
    with pytest.raises(outbound.AddressRefused):
        outbound.read(url, max_bytes=10, seconds=5)


def test_a_redirect_into_the_house_is_refused(
    serve: Serve, mocker: MockerFixture, tmp_path: Path
) -> None:
    url = serve(b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n")
    mocker.patch.object(outbound, "is_public", lambda address: address == "127.0.0.1")
    with pytest.raises(outbound.AddressRefused):
        outbound.download(url, tmp_path / "list", max_bytes=10, seconds=5)
    assert not (tmp_path / "list").exists()


def test_a_name_that_nobody_knows_fails(mocker: MockerFixture) -> None:
    mocker.patch("socket.getaddrinfo", side_effect=socket.gaierror("no such name"))
    with pytest.raises(outbound.FetchFailed):
        outbound.read("https://lists.example.org/a.csv", max_bytes=10, seconds=5)


def packed(body: bytes, encoding: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def saved(site: outbound.Site, url: str, folder: Path) -> bytes:
    site.save(url, folder / "list", max_bytes=100_000)
    return (folder / "list").read_bytes()


READERS: dict[str, Callable[[outbound.Site, str, Path], object]] = {
    "read": lambda site, url, folder: site.read(url, max_bytes=100_000),
    "post": lambda site, url, folder: site.post(url, b"x", max_bytes=100_000),
    "save": saved,
    "fetch": lambda site, url, folder: site.fetch(url, max_bytes=100_000, headers={}).content,
    "status_of": lambda site, url, folder: site.status_of(url, max_bytes=100_000),
}
ZEROS = gzip.compress(bytes(50_000_000))
BOMBS = {
    "one layer": packed(ZEROS, "gzip"),
    "two layers": packed(gzip.compress(ZEROS), "gzip, gzip"),
    "two layers of one name each": packed(gzip.compress(ZEROS), "gzip\r\nContent-Encoding: gzip"),
    "another kind": packed(ZEROS, "deflate"),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("bomb", BOMBS)
def test_no_answer_is_unpacked_beyond_what_is_asked_for(
    serve: Serve, tmp_path: Path, reader: str, bomb: str
) -> None:
    url = serve(BOMBS[bomb])
    with outbound.Site(20) as site:
        tracemalloc.start()
        try:
            READERS[reader](site, url, tmp_path)
        except outbound.FetchFailed:
            pass
        else:
            assert reader == "status_of", "it reads no more than the size"
        finally:
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    assert most < 5_000_000


@pytest.mark.parametrize("reader", ["read", "post", "save", "fetch"])
@pytest.mark.parametrize("encoding", ["gzip", "X-GZIP", "identity", ""])
def test_one_layer_is_unpacked(serve: Serve, tmp_path: Path, reader: str, encoding: str) -> None:
    body = gzip.compress(b"email\n") if "gzip" in encoding.lower() else b"email\n"
    with outbound.Site(20) as site:
        assert READERS[reader](site, serve(packed(body, encoding)), tmp_path) == b"email\n"


def test_what_follows_the_end_of_a_packed_answer_is_not_read(serve: Serve) -> None:
    body = gzip.compress(b"email\n") + bytes(5_000_000)
    assert outbound.read(serve(packed(body, "gzip")), max_bytes=100, seconds=20) == b"email\n"


@pytest.mark.parametrize("reader", READERS)
def test_nothing_packed_is_asked_for(
    mocker: MockerFixture, serve: Serve, tmp_path: Path, reader: str
) -> None:
    url, handled = serve(packed(b"x", "identity")), outbound.GuardedTransport.handle_request
    asked = mocker.patch.object(
        outbound.GuardedTransport, "handle_request", autospec=True, side_effect=handled
    )
    with outbound.Site(20) as site:
        READERS[reader](site, url, tmp_path)
    assert asked.call_args.args[1].headers["accept-encoding"] == "identity"
