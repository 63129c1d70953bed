"""The receiver: a mail server in a thread, with bad behavior on demand and a log of its own.

A message is noted (Message-ID, address, the server's clock) when its final dot was read, before
anything is answered: what stands in the log may have been accepted, what was accepted stands in it.
"""

from __future__ import annotations

import asyncio
import random
import re
import threading
import time
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal

_MESSAGE_ID: Final = re.compile(rb"^message-id:\s*<([^>@]+)[^>]*>", re.IGNORECASE | re.MULTILINE)
_SUBJECT: Final = re.compile(rb"^subject: ([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_ADDRESS: Final = re.compile(rb"<([^>]*)>")
_SIZE: Final = b"250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 10000000\r\n"
_EHLO: Final = b"250-sink\r\n250-PIPELINING\r\n" + _SIZE
_LOCKSTEP: Final = b"250-sink\r\n" + _SIZE

Stage = Literal["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "BODY", "DOT", "ANSWER"]


@dataclass
class Fault:
    """What the server does instead, at one stage.

    ``say`` nothing and close means a drop. At ``BODY`` the message is thrown away as if it had been
    cut short, at ``DOT`` it is not accepted, at ``ANSWER`` it is and only its answer goes wrong.
    ``share`` is of all times, or, ``by_address``, of all recipients, each of whom meets it at most
    ``times``.
    """

    stage: Stage
    say: bytes = b""
    close: bool = False
    share: float = 1.0
    by_address: bool = False
    times: int = 1_000_000
    most: int = 1_000_000
    wait: float = 0.0
    drip: float = 0.0
    met: Counter[bytes] = field(default_factory=Counter)

    def strikes(self, address: bytes, dice: random.Random) -> bool:
        if self.met.total() >= self.most or self.met[address] >= self.times:
            return False
        if self.by_address:
            struck = chosen(address, self.share)
        else:
            struck = dice.random() < self.share
        self.met[address] += struck
        return struck


def chosen(address: bytes, share: float) -> bool:
    """A fixed set of so large a share of all addresses."""
    return zlib.crc32(b"f" + address) % 1000 < share * 1000


@dataclass
class Log:
    """What the receiver knows. ``withheld``: the whole message came, but no answer was given.

    ``subjects``: as they came, by the names of the messages.
    """

    accepted: list[tuple[str, str, float]] = field(default_factory=list)
    withheld: set[str] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)  # by address
    subjects: dict[str, str] = field(default_factory=dict)

    def counts(self) -> Counter[str]:
        return Counter(name for name, _, _ in list(self.accepted))


class MailServer:
    """Listens on a port of its own until closed. ``faults`` may be changed at any time."""

    def __init__(
        self,
        seed: int,
        *,
        delay: float = 0.004,
        pipelining: bool = True,
        log: Log | None = None,
    ) -> None:
        self.log = log or Log()
        self.faults: list[Fault] = []
        self.delay = delay
        self.per_connection = 0  # messages, after which it closes; 0: no limit
        self.behind = ""  # to text behind the final dot: "503", "close", "hang"; empty: bears it
        self.program = "sink"  # as the greeting names it
        self.provoked = 0  # letters with text behind their final dot
        self.connections = 0
        self.greeting = _EHLO if pipelining else _LOCKSTEP
        self.dice = random.Random(seed)
        self.port = 0
        self._open: set[_Session] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server: asyncio.Server | None = None
        self.up()

    def up(self) -> None:
        """Listen, on the same port as before."""
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(5.0)

    def down(self) -> None:
        """Refuse connections and reset those that are open."""
        asyncio.run_coroutine_threadsafe(self._refuse(), self._loop).result(5.0)

    def close(self) -> None:
        self.down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5.0)
        self._loop.close()

    def strike(self, stage: Stage, address: bytes) -> Fault | None:
        """The fault that hits now, if any does."""
        for fault in self.faults:
            if fault.stage == stage and fault.strikes(address, self.dice):
                return fault
        return None

    async def _listen(self) -> None:
        self._server = await self._loop.create_server(
            lambda: _Session(self), "127.0.0.1", self.port, backlog=200
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await deafen(server, self._loop)
        while self._open:
            for session in list(self._open):
                session.abort()
            await asyncio.sleep(0.001)


async def deafen(server: asyncio.Server, loop: asyncio.AbstractEventLoop) -> None:
    """Accept no more; what is just being accepted must get through first (asyncio trips)."""
    for listener in server.sockets:
        loop.remove_reader(listener.fileno())
    await asyncio.sleep(0.005)
    server.close()


class _Session(asyncio.Protocol):
    """One connection: commands by line, bodies by their final dot."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._buffer = bytearray()
        self._in_body = False
        self._scanned = 0
        self._address = b""
        self._sender_ok = self._address_ok = False
        self._messages = 0
        self._free_at = 0.0
        self._over = False
        self._out_of_step = 0  # bytes of the buffer that are answered with 503

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server._open.add(self)
        self._server.connections += 1
        self._answer("GREETING", b"220 %b ESMTP\r\n" % self._server.program.encode())

    def connection_lost(self, error: Exception | None) -> None:
        self._over = True
        self._server._open.discard(self)

    def abort(self) -> None:
        self._over = True
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while not self._over and self._step():
            pass

    def _step(self) -> bool:
        """Consume one command or body; False when more bytes are needed."""
        if self._in_body:
            end = self._buffer.find(b"\r\n.\r\n", max(0, self._scanned - 4))
            if end < 0:
                self._scanned = len(self._buffer)
                return False
            self._end_of_body(end)
            return True
        end = self._buffer.find(b"\r\n")
        if end < 0:
            return False
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        if self._out_of_step > 0:
            self._out_of_step -= end + 2
            self._say(b"503 5.5.1 written behind the data\r\n")
            return True
        self._command(line)
        return True

    def _command(self, line: bytes) -> None:
        verb = line[:4].upper()
        found = _ADDRESS.search(line)
        if verb == b"EHLO":
            self._answer("EHLO", self._server.greeting)
        elif verb == b"MAIL":
            self._address = b""
            self._address_ok = False
            self._sender_ok = self._answer("MAIL", b"250 2.1.0 Ok\r\n")
        elif verb == b"RCPT":
            self._address = found[1] if found else b""
            if self._sender_ok:
                self._address_ok = self._answer("RCPT", b"250 2.1.5 Ok\r\n")
            else:
                self._say(b"503 5.5.1 MAIL first\r\n")
        elif verb == b"DATA":
            self._data()
        else:
            self._say(b"221 2.0.0 bye\r\n" if verb == b"QUIT" else b"250 2.0.0 Ok\r\n")

    def _data(self) -> None:
        if not self._address_ok:
            self._say(b"554 5.5.1 no valid recipients\r\n")
        elif self._answer("DATA", b"354 go on\r\n"):
            self._in_body, self._scanned = True, 0
            # The dot of an empty body may stand at its very beginning.
            self._buffer[:0] = b"\r\n"

    def _end_of_body(self, end: int) -> None:
        found = _MESSAGE_ID.search(self._buffer, 0, end)
        name = found[1].decode("ascii") if found else "none"
        line = _SUBJECT.search(self._buffer, 0, end)
        subject = line[1].decode("utf-8", "replace") if line else ""
        del self._buffer[: end + 5]
        self._in_body = self._sender_ok = self._address_ok = False
        log = self._server.log
        if (fault := self._strike("BODY")) is not None:
            log.withheld.add(name)
            self._do(fault)
            return
        if (fault := self._strike("DOT")) is not None:
            self._do(fault)
            return
        if (fault := self._strike("ANSWER")) is not None and not fault.drip:
            log.withheld.add(name)
        log.accepted.append((name, self._address.decode("ascii"), time.time()))
        log.subjects[name] = subject
        self._messages += 1
        if self._buffer and self._server.behind:
            self._server.provoked += 1
            if self._server.behind != "503":
                self._unanswered(name)
                return
            self._out_of_step = len(self._buffer)
        if fault is not None:
            self._do(fault)
        else:
            self._say(b"250 2.0.0 Ok: queued\r\n")
        if 0 < self._server.per_connection <= self._messages:
            self._hang_up()

    def _unanswered(self, name: str) -> None:
        """The message is taken, and the session ends without a word about it."""
        self._server.log.withheld.add(name)
        self._over = True
        if self._server.behind == "close":
            self._hang_up()

    def _strike(self, stage: Stage) -> Fault | None:
        return self._server.strike(stage, self._address)

    def _answer(self, stage: Stage, usual: bytes) -> bool:
        """Reply, as usual unless a fault strikes. True when the reply is positive."""
        fault = self._strike(stage)
        if fault is None:
            self._say(usual)
            return True
        self._do(fault, usual)
        return fault.say[:1] not in (b"4", b"5") and not fault.close

    def _do(self, fault: Fault, usual: bytes = b"250 2.0.0 Ok\r\n") -> None:
        reply = fault.say or (b"" if fault.close else usual)
        if reply[:1] in (b"4", b"5"):
            self._server.log.refused[self._address.decode("ascii")] += 1
        if fault.drip:
            for octet in reply:
                self._say(bytes([octet]), fault.drip)
        elif reply:
            self._say(reply, fault.wait)
        if fault.close:
            self._hang_up()

    def _say(self, reply: bytes, wait: float = 0.0) -> None:
        """Later by the delay, but in order."""
        loop = asyncio.get_running_loop()
        delay = wait + self._server.dice.random() * self._server.delay
        # Never two at one moment: the loop does not keep the order of such.
        self._free_at = max(self._free_at + wait + 1e-6, loop.time() + delay)
        loop.call_at(self._free_at, self._write, reply)

    def _write(self, reply: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(reply)

    def _hang_up(self) -> None:
        """After what has been said so far."""
        self._over = True
        loop = asyncio.get_running_loop()
        loop.call_at(max(self._free_at, loop.time()) + 0.0001, self._transport.close)
