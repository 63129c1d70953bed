"""A message centre for tests that speaks SMPP 3.4 and does what it is asked: right, wrong, silent.

    with SmppCentre() as centre:
        centre.script.append(refuses(0x58))     # the next submit_sm only
        ... send to centre.port ...
        assert centre.submits[0].destination == "79161234567"

A reply is a list of steps as in ``tests.http_service``: bytes to be written, seconds to wait, or an
``End``. It reads and writes PDUs by code of its own, so that both sides cannot err together.
"""

from __future__ import annotations

import itertools
import socketserver
import ssl
import struct
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from tests.http_service import End, Step

BIND, SUBMIT, DELIVER, UNBIND, ENQUIRE = 0x09, 0x04, 0x05, 0x06, 0x15
NACK = 0x80000000
HEADER = struct.Struct(">IIII")


@dataclass(frozen=True)
class Submit:
    """One ``submit_sm`` as it came. ``peer``: over which connection; ``id``: what it is called."""

    sequence: int
    source: tuple[int, int, str]
    to: tuple[int, int, str]
    esm_class: int
    registered: int
    coding: int
    content: bytes
    options: dict[int, bytes]
    peer: int
    id: str

    @property
    def phone(self) -> str:
        return self.to[2]


Reply = Callable[[Submit], Iterable[Step]]


def pdu(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    return HEADER.pack(16 + len(body), command, status, sequence) + body


def accepted(submit: Submit) -> bytes:
    return pdu(SUBMIT | NACK, submit.sequence, submit.id.encode() + b"\0")


def refused(submit: Submit, status: int) -> bytes:
    return pdu(SUBMIT | NACK, submit.sequence, b"", status)


def yes(submit: Submit) -> Iterable[Step]:
    return [accepted(submit)]


def refuses(status: int) -> Reply:
    return lambda submit: [refused(submit, status)]


def nack(status: int) -> Reply:
    return lambda submit: [pdu(NACK, submit.sequence, b"", status)]


def silence(_: Submit) -> Iterable[Step]:
    """No answer to this one; the others get theirs."""
    return []


def close(_: Submit) -> Iterable[Step]:
    return [End.CLOSE]


def unbinds(_: Submit) -> Iterable[Step]:
    return [pdu(UNBIND, 77)]


def slow(reply: Reply, seconds: float) -> Reply:
    return lambda submit: [seconds, *reply(submit)]


def in_pieces(submit: Submit) -> Iterable[Step]:
    """A yes, a byte at a time."""
    return itertools.chain.from_iterable((bytes([byte]), 0.002) for byte in accepted(submit))


def glued(submit: Submit) -> Iterable[Step]:
    """A yes between two questions, in one write."""
    return [pdu(ENQUIRE, 5) + accepted(submit) + pdu(ENQUIRE, 6)]


def of_length(length: int) -> Reply:
    """A yes that says it has another length."""

    def reply(submit: Submit) -> Iterable[Step]:
        whole = accepted(submit)
        return [struct.pack(">I", length) + whole[4:]]

    return reply


def receipt(
    remote: str,
    phone: str,
    state: str = "DELIVRD",
    *,
    error: str = "000",
    options: bytes = b"",
    esm_class: int = 4,
) -> bytes:
    """The body of a ``deliver_sm`` with a receipt, as appendix B of the specification shows it."""
    text = (
        f"id:{remote} sub:001 dlvrd:001 submit date:2612011200 done date:2612011201"
        f" stat:{state} err:{error} Text:Hello"
    ).encode()
    source = b"\x01\x01" + phone.encode() + b"\0"
    fixed = bytes((esm_class, 0, 0)) + b"\0\0" + bytes((0, 0, 0, 0, len(text)))
    return b"\0" + source + b"\x05\0Shop\0" + fixed + text + options


class SmppCentre(socketserver.ThreadingTCPServer):
    """Answers every ``submit_sm`` with what stands in ``script``, then with ``usual``."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, usual: Reply = yes, *, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.port: int = self.server_address[1]
        self.usual, self.context = usual, context
        self.script: deque[Reply] = deque()
        self.submits: list[Submit] = []
        self.binds: list[tuple[str, str, str, int]] = []
        self.bind_status = 0
        self.mute = False  # no answer to enquire_link
        self.enquiries = 0
        self.unbound = 0
        #: What was answered to our requests: command, status, sequence.
        self.answers: list[tuple[int, int, int]] = []
        self.bound: list[_Connection] = []
        self.over = threading.Event()
        self._numbers = itertools.count(0x1A2B0001)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.drop_all()
        self.shutdown()
        self.server_close()

    def next_id(self) -> str:
        """Hexadecimal, as many centres answer."""
        return f"{next(self._numbers):08X}"

    def next_reply(self) -> Reply:
        try:
            return self.script.popleft()
        except IndexError:
            return self.usual

    def phones(self) -> Counter[str]:
        """How many ``submit_sm`` each phone got."""
        return Counter(one.phone for one in list(self.submits))

    def deliver(self, body: bytes, sequence: int = 1) -> None:
        """Send a ``deliver_sm`` over the newest bound connection."""
        self.bound[-1].write(pdu(DELIVER, sequence, body))

    def send(self, data: bytes) -> None:
        self.bound[-1].write(data)

    def drop_all(self) -> None:
        for one in list(self.bound):
            one.drop()

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Until this has come true; a minute is for a machine that is very busy."""
        until = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < until, "it did not come"
            time.sleep(0.01)


class _Connection(socketserver.BaseRequestHandler):
    server: SmppCentre

    def setup(self) -> None:
        self.writing = threading.Lock()
        if self.server.context is not None:
            self.request = self.server.context.wrap_socket(self.request, server_side=True)

    def handle(self) -> None:
        with suppress(OSError, ValueError):
            while (head := self._exactly(16)) is not None:
                length, command, status, sequence = HEADER.unpack(head)
                body = self._exactly(length - 16) or b""
                if self._serve(command, status, sequence, body):
                    return

    def finish(self) -> None:
        with suppress(ValueError):
            self.server.bound.remove(self)
        with suppress(OSError):
            self.request.close()

    def write(self, data: bytes) -> None:
        with self.writing:
            self.request.sendall(data)

    def drop(self) -> None:
        with suppress(OSError):
            self.request.shutdown(2)

    def _exactly(self, count: int) -> bytes | None:
        found = b""
        while len(found) < count:
            data = self.request.recv(count - len(found))
            if not data:
                return None
            found += data
        return found

    def _serve(self, command: int, status: int, sequence: int, body: bytes) -> bool:
        """True: the connection is over."""
        server = self.server
        if command == BIND:
            name, password, kind, rest = body.split(b"\0", 3)
            server.binds.append((name.decode(), password.decode(), kind.decode(), rest[0]))
            if not server.bind_status:
                server.bound.append(self)
            self.write(pdu(BIND | NACK, sequence, b"CENTRE\0", server.bind_status))
        elif command == SUBMIT:
            submit = _read(sequence, body, self.client_address[1], server.next_id())
            server.submits.append(submit)
            return self._play(server.next_reply()(submit))
        elif command == ENQUIRE:
            server.enquiries += 1
            if not server.mute:
                self.write(pdu(ENQUIRE | NACK, sequence))
        elif command == UNBIND:
            server.unbound += 1
            self.write(pdu(UNBIND | NACK, sequence))
            return True
        elif command & NACK:
            server.answers.append((command & ~NACK, status, sequence))
        return False

    def _play(self, steps: Iterable[Step]) -> bool:
        for step in steps:
            if isinstance(step, bytes):
                self.write(step)
            elif isinstance(step, End):
                return True
            elif self.server.over.wait(step):
                return True
        return False


def _read(sequence: int, body: bytes, peer: int, name: str) -> Submit:
    def text(at: int) -> tuple[str, int]:
        end = body.index(b"\0", at)
        return body[at:end].decode(), end + 1

    _service, at = text(0)
    source, at = (body[at], body[at + 1], text(at + 2)[0]), text(at + 2)[1]
    to, at = (body[at], body[at + 1], text(at + 2)[0]), text(at + 2)[1]
    esm_class, at = body[at], at + 3
    _schedule, at = text(at)
    _validity, at = text(at)
    registered, coding, length = body[at], body[at + 2], body[at + 4]
    content, at = body[at + 5 : at + 5 + length], at + 5 + length
    options: dict[int, bytes] = {}
    while at < len(body):
        tag, size = struct.unpack_from(">HH", body, at)
        options[tag], at = body[at + 4 : at + 4 + size], at + 4 + size
    return Submit(sequence, source, to, esm_class, registered, coding, content, options, peer, name)
