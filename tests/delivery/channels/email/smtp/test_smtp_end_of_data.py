"""The write of the final dot, where the kernel takes only part of a write."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Iterator

import pytest

from apps.core.contracts import Letter
from apps.delivery.channels.email.smtp.end_of_data import EndOfData, GuardRefused
from apps.delivery.channels.email.smtp.stream import SocketStream
from apps.delivery.channels.email.smtp.transaction import (
    Extensions,
    MailTransaction,
    build_transaction,
)
from tests.delivery.channels.email.smtp.smtp_promises import SENDER, RecordingGuard

OFFERED = Extensions(pipelining=True)


class Narrow:
    """A connection whose kernel has no room left until the other end reads."""

    def __init__(self) -> None:
        ours, self.theirs = socket.socketpair()
        ours.setblocking(False)
        self.selector = selectors.DefaultSelector()
        self.stream = SocketStream(ours, self.selector, None)
        self.theirs.settimeout(5)

    def fill(self, but: int) -> None:
        """Fill the way until the kernel takes no more, then read so many bytes."""
        while self.stream.write(b"x" * 1024):
            pass
        while but > 0:
            but -= len(self.theirs.recv(but))

    def read_all(self) -> bytes:
        data = b""
        self.theirs.setblocking(False)
        try:
            while part := self.theirs.recv(1 << 20):
                data += part
                self.stream.flush()
        except BlockingIOError:
            pass
        return data

    def close(self) -> None:
        self.stream.close()
        self.theirs.close()
        self.selector.close()


@pytest.fixture
def narrow() -> Iterator[Narrow]:
    connection = Narrow()
    yield connection
    connection.close()


def transaction(number: int) -> MailTransaction:
    message = b"Subject: x\r\n\r\n" + (b"y" * 70 + b"\r\n") * 100
    return build_transaction(Letter(number, SENDER, "anna@example.net", message), OFFERED)


def test_a_dot_the_kernel_has_not_taken_has_not_left(narrow: Narrow) -> None:
    narrow.fill(but=0)
    guard = RecordingGuard()
    end_of_data = EndOfData(0, guard)

    assert end_of_data.send(narrow.stream, transaction(1), None) is False
    assert not end_of_data.dot_may_have_left(narrow.stream)

    assert b".\r\n" in narrow.read_all()
    assert end_of_data.dot_may_have_left(narrow.stream)


def test_the_guard_is_asked_again_before_the_rest_with_the_dot(narrow: Narrow) -> None:
    narrow.fill(but=0)
    guard = RecordingGuard()
    end_of_data = EndOfData(0, guard)
    end_of_data.send(narrow.stream, transaction(1), transaction(2))
    guard.allows = lambda _: False

    with pytest.raises(GuardRefused):
        end_of_data.send_remaining(narrow.stream, transaction(1))

    assert guard.asked == [1, 1] and guard.settled == [(1, False)]
    assert narrow.stream.unsent > 0, "nothing more was written"


def test_once_the_dot_has_left_the_guard_is_not_asked_again(narrow: Narrow) -> None:
    guard = RecordingGuard(lambda _: True)
    end_of_data = EndOfData(0, guard)

    assert end_of_data.send(narrow.stream, transaction(1), transaction(2)) is True
    guard.allows = lambda _: False

    assert end_of_data.dot_may_have_left(narrow.stream)
    assert end_of_data.send_remaining(narrow.stream, transaction(1)) is True
    assert guard.asked == [1]


def test_a_guard_that_says_no_keeps_every_byte(narrow: Narrow) -> None:
    guard = RecordingGuard(lambda _: False)

    with pytest.raises(GuardRefused):
        EndOfData(0, guard).send(narrow.stream, transaction(1), None)

    assert narrow.read_all() == b""
    assert guard.settled == [(1, False)]
