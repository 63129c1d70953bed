"""A mail server that accepts everything, as a process of its own: for faults and benchmarks.

``python -m tests.sink --log FILE [--port N] [--latency SECONDS] [--jitter SECONDS] [--bears LESS]``

``--bears envelope``: 503 to what is written behind the final dot; ``--bears off``: to what is
written behind MAIL as well.

Before it says 250 to a message it appends the Message-ID and its own clock to the log, unbuffered:
what stands in the log may have been accepted, what was accepted stands in the log. Prints its port.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import time

_MESSAGE_ID = re.compile(rb"^message-id:\s*<([^>]+)>", re.IGNORECASE | re.MULTILINE)
_GREETING = b"220 smtp-sink ESMTP\r\n"
_EHLO = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 100000000\r\n"


class Session(asyncio.Protocol):
    """One connection: commands by line, bodies by their final dot."""

    def __init__(self, log: int, latency: float, jitter: float, bears: str) -> None:
        self._log, self._latency, self._jitter, self._bears = log, latency, jitter, bears
        self._out_of_step = 0  # bytes of the buffer that are answered with 503
        self._buffer = bytearray()
        self._in_body = False
        self._body_from = 0
        self._free_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(_GREETING)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        replies: list[bytes] = []
        while (reply := self._next()) is not None:
            replies.append(reply)
        if replies:
            self._say(b"".join(replies))

    def _next(self) -> bytes | None:
        """Consume one command or body; None when more bytes are needed."""
        buffer = self._buffer
        if self._in_body:
            end = buffer.find(b"\r\n.\r\n", max(0, self._body_from - 4))
            if end < 0:
                self._body_from = len(buffer)
                return None
            return self._accepted(end)
        end = buffer.find(b"\r\n")
        if end < 0:
            return None
        verb = bytes(buffer[:4]).upper()
        del buffer[: end + 2]
        if verb == b"MAIL" and buffer and self._bears == "off":
            self._out_of_step = len(buffer) + end + 2
        if self._out_of_step > 0:
            self._out_of_step -= end + 2
            return b"503 5.5.1 one at a time\r\n"
        if verb == b"DATA":
            self._in_body, self._body_from = True, 0
            return b"354 go on\r\n"
        if verb == b"EHLO":
            return _EHLO
        return b"221 bye\r\n" if verb == b"QUIT" else b"250 2.0.0 Ok\r\n"

    def _accepted(self, end: int) -> bytes:
        found = _MESSAGE_ID.search(self._buffer, 0, end)
        name = found.group(1) if found else b"none"
        os.write(self._log, b"%s %.6f\n" % (name, time.time()))
        del self._buffer[: end + 5]
        self._in_body = False
        if self._bears:
            self._out_of_step = len(self._buffer)
        return b"250 2.0.0 Ok: queued\r\n"

    def _say(self, reply: bytes) -> None:
        delay = self._latency + random.random() * self._jitter
        if not delay:
            self._transport.write(reply)
            return
        loop = asyncio.get_running_loop()
        # Replies keep their order, whatever the jitter says; two at one moment would not.
        self._free_at = max(self._free_at + 1e-6, loop.time() + delay)
        loop.call_at(self._free_at, self._transport.write, reply)


async def serve(options: argparse.Namespace) -> None:
    log = os.open(options.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Session(log, options.latency, options.jitter, options.bears),
        "127.0.0.1",
        options.port,
        backlog=500,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--log", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--jitter", type=float, default=0.0)
    parser.add_argument("--bears", choices=["envelope", "off"], default="")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
