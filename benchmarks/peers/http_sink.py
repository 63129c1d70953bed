"""A gateway: ``python -m benchmarks.peers.http_sink PORT [SECONDS [html]]``, a process of its own.

It says yes at once, or so many seconds later; with ``html`` it answers with a page for people.

It reads requests off the bytes as they come, so that it is never what is measured.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_YES, _HTML = b'{"code": 0, "message": "OK"}', b"<html><body>Welcome!</body></html>"


class Gateway(asyncio.Protocol):
    """One connection. Answers every request whose last byte has come."""

    def __init__(self, delay: float, body: bytes) -> None:
        self._read = b""
        self._delay = delay
        self._answer = _HEAD % len(body) + body

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end].lower()
            mark = head.find(b"content-length:")
            length = int(head[mark + 15 :].split(b"\r\n", 1)[0]) if mark >= 0 else 0
            if len(self._read) < end + 4 + length:
                return
            self._read = self._read[end + 4 + length :]
            if self._delay:
                asyncio.get_running_loop().call_later(
                    self._delay, self._transport.write, self._answer
                )
            else:
                self._transport.write(self._answer)


async def serve(port: int, delay: float, body: bytes) -> None:
    """Answer on the loopback until the process is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(partial(Gateway, delay, body), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    after = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    asyncio.run(serve(int(sys.argv[1]), after, _HTML if sys.argv[3:] == ["html"] else _YES))
