"""A proxy between the program and PostgreSQL that can be slow, cut, or swallow a COMMIT's reply."""

from __future__ import annotations

import asyncio
import threading
from typing import Final

from tests.faults.servers.mail_server import deafen

#: A simple query with the one word COMMIT, as psycopg2 sends it.
_COMMIT: Final = b"Q\x00\x00\x00\x0bCOMMIT\x00"


class Proxy:
    """Listens on a port of its own and passes everything on to PostgreSQL's."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.port = 0
        self.latency = 0.0  # seconds, each way
        self.refusing = False
        self._flow = asyncio.Event()  # cleared: nothing passes, and nothing is cut either
        self._flow.set()
        self.commits = 0
        self.swallowed = 0
        self._swallow_at: set[int] = set()
        self._connections: set[_Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(5.0)

    def swallow_replies(self, *numbers: int) -> None:
        """Deliver the n-th COMMIT from now on, but cut the line instead of passing its reply."""
        self._swallow_at = {self.commits + number for number in numbers}

    def cut(self) -> None:
        """Reset every connection, now."""
        self._loop.call_soon_threadsafe(self._cut)

    def stall(self) -> None:
        """A black hole: nothing passes, nobody is notified."""
        self._loop.call_soon_threadsafe(self._flow.clear)

    def flow(self) -> None:
        """What was kept in the black hole comes through now."""
        self._loop.call_soon_threadsafe(self._flow.set)

    def down(self) -> None:
        self.refusing = True
        self.cut()

    def up(self) -> None:
        self.refusing = False

    def close(self) -> None:
        async def end() -> None:
            await deafen(self._server, self._loop)
            while self._connections:
                self._cut()
                await asyncio.sleep(0.001)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(5.0)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5.0)
        self._loop.close()

    def is_fatal_commit(self, data: bytes) -> bool:
        """Counts the COMMITs that pass; True for one whose reply is to be swallowed."""
        fatal = False
        for _ in range(data.count(_COMMIT)):
            self.commits += 1
            if self.commits in self._swallow_at:
                self._swallow_at.discard(self.commits)
                self.swallowed += 1
                fatal = True
        return fatal

    def _cut(self) -> None:
        for connection in list(self._connections):
            connection.cut()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=100)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            writer.transport.abort()
            return
        try:
            there = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        connection = _Connection(self, (reader, writer), there)
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)


Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Connection:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, here: Pair, there: Pair) -> None:
        self._proxy = proxy
        self._here, self._there = here, there
        self._deaf = False  # from now on the server's words are not passed on

    async def run(self) -> None:
        try:
            await asyncio.gather(
                self._pass(self._here[0], self._there[1], outward=True),
                self._pass(self._there[0], self._here[1], outward=False),
            )
        except OSError:
            pass
        finally:
            self.cut()

    def cut(self) -> None:
        self._here[1].transport.abort()
        self._there[1].transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, outward: bool
    ) -> None:
        while data := await reader.read(65536):
            if self._proxy.latency:
                await asyncio.sleep(self._proxy.latency)
            await self._proxy._flow.wait()
            if outward and self._proxy.is_fatal_commit(data):
                self._deaf = True
            if not outward and self._deaf:
                # The reply has come, so the commit is done; nobody will hear of it.
                self.cut()
                return
            writer.write(data)
            await writer.drain()
        self.cut()
