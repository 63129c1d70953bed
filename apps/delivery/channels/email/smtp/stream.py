"""One non-blocking socket, plain or TLS: what was handed to the kernel, and what was not yet."""

from __future__ import annotations

import selectors
import socket
import ssl
from typing import Final

from apps.core.responses.stored import NOTHING, coded
from apps.delivery.channels.connection_errors import error_response
from apps.delivery.channels.email.smtp.classify import ConnectionLost, Failure

#: At most this much goes into one TLS record (RFC 8446, 5.1).
TLS_RECORD: Final = 16384
_READ: Final = 16384
_NOTHING: Final = memoryview(b"")


class SocketStream:
    """The bytes of one connection. ``owner`` is what the selector hands back for it."""

    __slots__ = ("secure", "_sock", "_selector", "_owner", "_pending", "_mask", "_error")

    def __init__(
        self, sock: socket.socket, selector: selectors.BaseSelector, owner: object
    ) -> None:
        self.secure = isinstance(sock, ssl.SSLSocket)
        self._sock = sock
        self._selector = selector
        self._owner = owner
        self._pending = _NOTHING
        self._mask = selectors.EVENT_READ
        self._error = NOTHING
        selector.register(sock, self._mask, owner)

    @property
    def unsent(self) -> int:
        """How many of the bytes given to ``write`` the kernel has not taken yet."""
        return len(self._pending)

    def write(self, data: bytes | memoryview) -> bool:
        """Send, and keep what the kernel does not take. True when it took everything."""
        if self._pending:
            data = b"".join((self._pending, data))
        self._pending = memoryview(data)
        return self.flush()

    def flush(self) -> bool:
        """Try again to send what is kept. True when the kernel took everything.

        An error is not raised here: the reason, perhaps a reply, may still wait to be read.
        """
        pending = self._pending
        try:
            while pending and not self._error:
                chunk = pending[:TLS_RECORD] if self.secure else pending
                pending = pending[self._sock.send(chunk) :]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError as error:
            self._error = error_response(error)
        self._pending = pending
        writing = bool(pending) and not self._error
        if writing is not (self._mask != selectors.EVENT_READ):
            self._listen(writing)
        return not pending

    def receive(self) -> bytes:
        """What has come, or nothing. Raises ``ConnectionLost`` when no more can come."""
        try:
            data = self._sock.recv(_READ)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return b""
        except OSError as error:
            raise ConnectionLost(Failure(self._error or error_response(error))) from None
        if not data:
            raise ConnectionLost(Failure(self._error or coded("smtp_closed")))
        return data

    @property
    def more(self) -> bool:
        """True when TLS holds decrypted bytes that no selector will report."""
        return isinstance(self._sock, ssl.SSLSocket) and self._sock.pending() > 0

    def close(self) -> None:
        """Close at once."""
        self._selector.unregister(self._sock)
        self._sock.close()

    def _listen(self, writing: bool) -> None:
        self._mask = selectors.EVENT_READ | (selectors.EVENT_WRITE if writing else 0)
        self._selector.modify(self._sock, self._mask, self._owner)
