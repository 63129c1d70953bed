"""The K connections of a channel: open, being opened, cooling down, or allowed to open."""

from __future__ import annotations

import math
import selectors
import socket
import time
from dataclasses import replace
from typing import Final

from apps.core.contracts import Blame
from apps.core.responses.stored import coded
from apps.delivery.channels.email.smtp.classify import Failure, Stage
from apps.delivery.channels.email.smtp.connection import Connection
from apps.delivery.channels.email.smtp.handshake import Handshake, ReadyConnection, tls_context
from apps.delivery.channels.email.smtp.queue import LetterQueue
from apps.delivery.channels.email.smtp.stream import SocketStream

#: So many failures in a row, without one finished letter, cool a connection down.
_TOO_MANY: Final = 2
#: Beyond a step's deadline, for the opening thread to notice it on its own.
_GRACE: Final = 1.0


class ConnectionPool:
    """Opens, feeds and watches the connections; knows when none of them can send."""

    def __init__(self, queue: LetterQueue) -> None:
        self.queue = queue
        self.config = queue.config
        self.connections = [Connection(number, queue) for number in range(queue.config.connections)]
        self.failure = Failure(coded("smtp_no_connection"))  # the last one
        self._context = tls_context(queue.config)
        self._handshakes: dict[Connection, Handshake] = {}
        self._probe_succeeded = False  # a connection was opened since all were last given up
        self._probing_since = 0.0
        self._selector = selectors.DefaultSelector()
        self._wakeup_r, self._wakeup_w = socket.socketpair()  # written by the opening threads
        self._wakeup_r.setblocking(False)
        self._wakeup_w.setblocking(False)
        self._selector.register(self._wakeup_r, selectors.EVENT_READ, None)

    @property
    def busy(self) -> bool:
        """True while a letter is in flight."""
        return any(connection.transaction is not None for connection in self.connections)

    def serve(self, now: float) -> bool:
        """Give letters to idle connections, open as many others as there are letters.

        False when no connection can send, and none may before its cool-down is over.
        """
        serving = False
        for connection in self.connections:
            if connection.stage is Stage.IDLE:
                connection.begin(now)
            if connection.stage is not Stage.CLOSED and connection.stage is not Stage.OPENING:
                serving = True
        self._open_more(now)
        if serving or self._handshakes:
            return True
        self._probe_succeeded = False
        return False

    def pump(self, seconds: float) -> None:
        """Wait for at most so long, and do what the connections then allow."""
        events = self._selector.select(seconds)
        now = time.monotonic()
        for key, _ in events:
            if key.data is None:
                self._finish_handshakes(now)
            else:
                key.data.on_io_ready(now)

    def expire(self, now: float) -> None:
        """End every step whose deadline is over."""
        for connection in self.connections:
            if connection.deadline <= now:
                connection.expire(now)
        for connection, handshake in list(self._handshakes.items()):
            if handshake.deadline + _GRACE <= now:
                handshake.cancel()
                self._handshake_over(connection, Failure(coded("smtp_slow_connection")), now)

    def next_deadline(self, now: float) -> float:
        """The monotonic time at which something must be looked at, whatever comes before."""
        moment = min(connection.deadline for connection in self.connections)
        for handshake in self._handshakes.values():
            moment = min(moment, handshake.deadline + _GRACE)
        if not self.queue.waiting:
            return min(moment, self._oldest_pipelined(now) + self.config.head_of_line_timeout)
        moments = [
            connection.cool_down_until
            for connection in self.connections
            if connection.stage is Stage.CLOSED
        ]
        if not self._probe_succeeded:
            moments.append(self._probing_since + self.config.head_start)
        return min([moment, *(later for later in moments if later > now)])

    def stalled(self, now: float) -> list[Connection]:
        """Connections whose next letter waits behind a slow reply while another could take it."""
        since = now - self.config.head_of_line_timeout
        if self._oldest_pipelined(now) > since:
            return []
        return [
            connection for connection in self._with_pipelined() if connection.writing_since <= since
        ]

    def failed(self, connection: Connection, failure: Failure, now: float) -> None:
        """A connection broke or did not open: after the second failure in a row it cools down."""
        self.failure = failure
        self.queue.needs_attention = True
        connection.failures += 1
        connection.cool_down_until = (
            now + self.config.cool_down if connection.failures >= _TOO_MANY else 0.0
        )

    def reset_failures(self) -> None:
        """Forgive the failures: a letter was found that breaks connections."""
        for connection in self.connections:
            connection.failures = 0
            connection.cool_down_until = 0.0

    def close(self, now: float) -> None:
        """Close everything at once; the letters in flight return to the queue."""
        for handshake in self._handshakes.values():
            handshake.cancel()
        self._handshakes.clear()
        for connection in self.connections:
            connection.abort(now)
        self._selector.close()
        self._wakeup_r.close()
        self._wakeup_w.close()

    def _with_pipelined(self) -> list[Connection]:
        return [
            connection
            for connection in self.connections
            if connection.pipelined_next is not None and connection.end_of_data_sent
        ]

    def _oldest_pipelined(self, now: float) -> float:
        """Since when a letter waits that another connection could take; else infinity."""
        since = [connection.writing_since for connection in self._with_pipelined()]
        if since and any(self._can_take(connection, now) for connection in self.connections):
            return min(since)
        return math.inf

    # Opening

    def _can_take(self, connection: Connection, now: float) -> bool:
        return connection.stage is Stage.IDLE or (
            connection.stage is Stage.CLOSED
            and connection.cool_down_until <= now
            and self._probe_succeeded
        )

    def _open_more(self, now: float) -> None:
        room = self.queue.waiting - len(self._handshakes)
        if room > 0 and not self._probe_succeeded:
            if any(connection.cool_down_until > now for connection in self.connections):
                return  # what the first connection met twice, the others need not meet
            if not self._handshakes:
                self._probing_since = now
            if now < self._probing_since + self.config.head_start:
                room = 1 - len(self._handshakes)
        for connection in self.connections:
            if room <= 0:
                return
            if connection.stage is Stage.CLOSED and connection.cool_down_until <= now:
                self._open(connection, now)
                room -= 1

    def _open(self, connection: Connection, now: float) -> None:
        handshake = Handshake(self.config, self._context, self._wake)
        try:
            handshake.start()
        except RuntimeError:  # no thread to be had
            self.failed(connection, Failure(coded("no_thread")), now)
            return
        connection.stage = Stage.OPENING
        self._handshakes[connection] = handshake

    def _wake(self) -> None:
        try:
            self._wakeup_w.send(b"\0")
        except OSError:
            pass  # full: it is awake already; closed: nobody waits any more

    def _finish_handshakes(self, now: float) -> None:
        try:
            self._wakeup_r.recv(4096)
        except BlockingIOError:
            pass
        for connection, handshake in list(self._handshakes.items()):
            if (opened := handshake.connection) is not None:
                self._connect(connection, opened, now)
            elif handshake.failure is not None:
                self._handshake_over(connection, handshake.failure, now)

    def _connect(self, connection: Connection, opened: ReadyConnection, now: float) -> None:
        del self._handshakes[connection]
        self._probe_succeeded = True
        connection.cool_down_until = 0.0
        connection.connected(SocketStream(opened.sock, self._selector, connection), opened, now)
        self.queue.needs_attention = True
        connection.on_io_ready(now)  # the server may have said good-bye already

    def _handshake_over(self, connection: Connection, failure: Failure, now: float) -> None:
        del self._handshakes[connection]
        connection.stage = Stage.CLOSED
        if failure.blame is Blame.NETWORK and 400 <= failure.code < 500:  # it is there, and full
            failure = replace(failure, blame=Blame.BUSY)
        if failure.blame is Blame.ACCOUNT:
            self._probe_succeeded = False
        self.failed(connection, failure, now)
        self.queue.handshake_failed(failure, now)
