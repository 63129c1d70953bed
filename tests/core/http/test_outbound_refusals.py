"""A download that is refused, or fails, says which of the two it is."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
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
            with sock:
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
