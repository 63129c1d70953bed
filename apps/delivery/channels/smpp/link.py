"""One connection to a centre: opened and bound, then PDUs in both directions.

Writing and reading are for one thread at a time; ``wait`` may run beside them.
"""

from __future__ import annotations

import selectors
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, Self

from apps.core.contracts import Blame
from apps.core.responses.stored import Response, coded
from apps.delivery.channels.connection_errors import error_response
from apps.delivery.channels.http.client import tls
from apps.delivery.channels.smpp.errors import blame_for_bind, error_text, stored_code
from apps.delivery.channels.smpp.pdu import (
    Command,
    Pdu,
    PduBroken,
    PduReader,
    answer_to,
    bind_body,
    next_sequence,
)
from apps.delivery.sending_account import SendingAccount

_READ: Final = 65_536
#: A silence of so many seconds is broken by a question whether the centre is still there.
KEEP_ALIVE: Final = 30.0
#: Seconds for a good-bye, and the most to connect and to bind.
_PARTING: Final = 1.0
_OPENING: Final = 10.0


class LinkFailed(OSError):
    """There is no connection; nothing has left. ``code`` is the centre's, 0: it said nothing."""

    def __init__(self, response: Response, code: int = 0, blame: Blame = Blame.NETWORK) -> None:
        super().__init__(response)
        self.response, self.code, self.blame = response, code, blame


class Link:
    """A connection that is bound as transceiver."""

    def __init__(self, sock: socket.socket, timeout: float) -> None:
        self._sock, self._timeout = sock, timeout
        self._selector = selectors.DefaultSelector()
        self._selector.register(sock, selectors.EVENT_READ)
        self._reader = PduReader()
        self._sequence = 0
        self._heard_at = self._asked_at = time.monotonic()

    @classmethod
    def opened(cls, account: SendingAccount) -> Self:
        """Connect, encrypt and bind, each in the account's timeout or 10 s. Raises LinkFailed."""
        try:
            link = cls(_connected(account), account.timeout)
        except (OSError, UnicodeError) as error:
            raise LinkFailed(error_response(error)) from error
        try:
            link._bind(account)
        except (OSError, PduBroken) as error:
            link.close()
            if isinstance(error, LinkFailed):
                raise
            raise LinkFailed(failure_text(error)) from error
        return link

    def _bind(self, account: SendingAccount) -> None:
        body = bind_body(account.username, account.password, account.system_type)
        mine = self.ask(Command.BIND_TRANSCEIVER, body)
        until = time.monotonic() + min(self._timeout, _OPENING)
        while (left := until - time.monotonic()) > 0:
            self.wait(left)
            for pdu in self.read():
                if pdu.is_answer and pdu.sequence == mine:
                    if pdu.status:
                        blame = blame_for_bind(pdu.status)
                        code = stored_code(pdu.status)
                        raise LinkFailed(error_text(pdu.status), code, blame)
                    if pdu.command != answer_to(Command.BIND_TRANSCEIVER):
                        raise PduBroken(f"command {pdu.command:#x}")
                    return
        raise TimeoutError

    def ask(self, command: Command, body: bytes = b"") -> int:
        """Write a request. Returns its sequence number; OSError: it has not left whole."""
        self._sequence = next_sequence(self._sequence)
        self.write(Pdu(command, self._sequence, body))
        return self._sequence

    def write(self, pdu: Pdu) -> None:
        """Hand all of it to the kernel, or raise OSError."""
        data = memoryview(pdu.packed())
        until = time.monotonic() + self._timeout
        while data:
            try:
                data = data[self._sock.send(data) :]
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                if not self._is_writable(until - time.monotonic()):
                    raise TimeoutError from None

    def _is_writable(self, seconds: float) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(self._sock, selectors.EVENT_WRITE)
            return seconds > 0 and bool(selector.select(seconds))

    def wait(self, seconds: float) -> bool:
        """Wait until there is something to read, for so long at most."""
        return bool(self._selector.select(seconds))

    def read(self) -> Iterator[Pdu]:
        """What has come whole. Raises OSError when no more can come, PduBroken when the rest makes
        no sense: each after what came before. What is not asked for stays for the next time."""
        ended = False
        try:
            while data := self._sock.recv(_READ):
                self._heard_at = time.monotonic()
                self._reader.feed(data)
            ended = True
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        while (pdu := self._reader.next()) is not None:
            yield pdu
        if ended:
            raise ConnectionResetError

    def keep_alive(self, now: float) -> None:
        """Ask a silent centre whether it is there. Raises OSError when it does not answer."""
        if self._asked_at > self._heard_at:
            if now - self._asked_at > self._timeout:
                raise TimeoutError
        elif now - self._heard_at > KEEP_ALIVE:
            self.ask(Command.ENQUIRE_LINK)
            self._asked_at = now

    def interrupt(self) -> None:
        """End it from another thread: who waits or reads on it finds its end."""
        with suppress(OSError):
            # The plain socket's method: TLS would take its state away from the thread that uses it.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def part(self) -> None:
        """Say good-bye, wait a moment for the answer, and close."""
        with suppress(OSError):
            self.ask(Command.UNBIND)
            self.wait(_PARTING)
        self.close()

    def close(self) -> None:
        """Close it now."""
        self._selector.close()
        self._sock.close()


def failure_text(error: Exception) -> Response:
    """Why a connection ended, as it is stored."""
    if isinstance(error, PduBroken):
        return coded("smpp_no_pdu", error)
    return error.response if isinstance(error, LinkFailed) else error_response(error)


def _connected(account: SendingAccount) -> socket.socket:
    seconds = min(account.timeout, _OPENING)
    sock = socket.create_connection((account.host, account.port), seconds)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if account.security != "none":
            sock = tls(account.ca_file).wrap_socket(sock, server_hostname=account.host)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock
