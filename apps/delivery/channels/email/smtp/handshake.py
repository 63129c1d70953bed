"""Opening one connection: connect, greeting, EHLO, TLS and AUTH, on a thread of its own.

The protocol is the standard library's; this adds total deadlines, bounded replies and a name for
who is to blame for a failure. The thread ends on its own; the channel never waits for it.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from apps.core.contracts import Blame
from apps.core.responses.stored import Response, coded, foreign
from apps.delivery.channels.connection_errors import error_response
from apps.delivery.channels.email.ehlo_name import ehlo_name
from apps.delivery.channels.email.smtp.auth import CredentialsError, log_in, log_in_by_token
from apps.delivery.channels.email.smtp.classify import ConnectionLost, Failure, blame_for_login
from apps.delivery.channels.email.smtp.config import SmtpConfig
from apps.delivery.channels.email.smtp.replies import ProtocolError, ReplyReader, plain_text
from apps.delivery.channels.email.smtp.transaction import Extensions


def tls_context(config: SmtpConfig) -> ssl.SSLContext | None:
    """Certificates and host names are always verified; loading the trust store takes a while."""
    if config.security == "none":
        return None
    return config.ssl_context or ssl.create_default_context(cafile=config.ca_file or None)


@dataclass(frozen=True, slots=True)
class ReadyConnection:
    """A connection that is ready for MAIL, and bytes that were read beyond the last reply."""

    sock: socket.socket
    extensions: Extensions
    reader: ReplyReader
    greeting: str = ""


class _BoundedSMTP(smtplib.SMTP):
    """smtplib with a total deadline for every step, and replies of bounded length."""

    def __init__(self, config: SmtpConfig, handshake: Handshake) -> None:
        # Without a name of the account's own, it is known only when the connection is open.
        super().__init__(
            local_hostname=config.ehlo_name or "localhost", timeout=config.connect_timeout
        )
        self.config = config
        self.handshake = handshake
        self.reader = ReplyReader()
        self.context = handshake.context
        self._host = config.host  # starttls() verifies the certificate against this name
        self._deadline = time.monotonic() + config.connect_timeout

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        self._begin(self.config.connect_timeout)
        sock = socket.create_connection((host, port), timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.handshake.track_socket(sock)
        self._begin(self.config.command_timeout)
        if self.config.security == "tls":
            sock.settimeout(self.config.command_timeout)
            sock = self._verifying().wrap_socket(sock, server_hostname=host)
            self.handshake.track_socket(sock)
            self._begin(self.config.command_timeout)
        return sock

    def _begin(self, seconds: float) -> None:
        self._deadline = self.handshake.deadline = time.monotonic() + seconds

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def putcmd(self, cmd: str, args: str = "") -> None:
        self._begin(self.config.command_timeout)
        self._socket().settimeout(self.config.command_timeout)
        super().putcmd(cmd, args)

    def _socket(self) -> socket.socket:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected
        return self.sock

    def getreply(self) -> tuple[int, bytes]:
        sock = self._socket()
        while (reply := self.reader.next()) is None:
            sock.settimeout(self._left())
            data = sock.recv(4096)
            if not data:
                raise ConnectionLost(Failure(coded("smtp_closed")))
            self.reader.feed(data)
        return reply.code, reply.words

    def open(self) -> ReadyConnection:
        """Everything up to the first MAIL. Raises ``ConnectionLost``, or what smtplib raises."""
        greeting = self.connect(self.config.host, self.config.port)
        _expect(220, greeting)
        self.local_hostname = self.config.ehlo_name or ehlo_name(self._socket())
        self._greet()
        if self.config.security == "starttls":
            self._start_tls()
        if self.config.username:
            self._log_in()
        if not self.reader.empty:
            raise ProtocolError(coded("smtp_unasked"))
        sock = self._socket()
        self.sock = None
        sock.setblocking(False)
        features = {} if self.ehlo_resp is None else self.esmtp_features
        text = plain_text(greeting[1])
        return ReadyConnection(sock, Extensions.from_ehlo(features), self.reader, text)

    def _greet(self) -> None:
        code, text = self.ehlo()
        if 500 <= code < 600 and self.config.security != "starttls" and not self.config.username:
            self.ehlo_resp = None
            code, text = self.helo()
        _expect(250, (code, text))

    def _start_tls(self) -> None:
        if not self.has_extn("starttls"):
            raise ConnectionLost(Failure(coded("smtp_no_starttls"), blame=Blame.ACCOUNT))
        code, text = self.starttls(context=self._verifying())
        _expect(220, (code, text))
        if not self.reader.empty:
            # Anybody on the network path could have put it there before the encryption began.
            raise ProtocolError(coded("smtp_clear_text"))
        self.handshake.track_socket(self._socket())
        self._greet()

    def _verifying(self) -> ssl.SSLContext:
        if self.context is None:  # smtplib would take that for leave not to verify
            raise ValueError("TLS without a context")
        return self.context

    def _log_in(self) -> None:
        username, token = self.config.username, self.config.access_token
        try:
            if token is not None:
                log_in_by_token(self, username, token, host=self.config.host)
            else:
                encrypted = self.config.security != "none"
                log_in(self, username, self.config.password, encrypted=encrypted)
        except smtplib.SMTPAuthenticationError as error:
            text, blame = _reply_text(error.smtp_error), blame_for_login(error.smtp_code)
            raise ConnectionLost(Failure(text, error.smtp_code, blame)) from None
        except CredentialsError as error:
            raise ConnectionLost(Failure(error.response, blame=Blame.ACCOUNT)) from None


def _expect(code: int, reply: tuple[int, bytes]) -> None:
    if reply[0] != code:
        raise ConnectionLost(Failure(_reply_text(reply[1]), reply[0]))


def _reply_text(raw: bytes | str) -> Response:
    return foreign(plain_text(raw))


class Handshake:
    """One attempt to open a connection. ``wake`` is called from the thread when it is over."""

    def __init__(
        self, config: SmtpConfig, context: ssl.SSLContext | None, wake: Callable[[], None]
    ) -> None:
        self.context = context
        self.deadline = time.monotonic() + config.connect_timeout
        self.connection: ReadyConnection | None = None
        self.failure: Failure | None = None
        self._config = config
        self._wake = wake
        self._sock: socket.socket | None = None
        self._cancelled = False
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin. Raises ``RuntimeError`` when the machine has no thread left."""
        threading.Thread(target=self._run, name="smtp-opening", daemon=True).start()

    def track_socket(self, sock: socket.socket) -> None:
        """Note the socket in use. Raises ``OSError`` when the attempt was given up meanwhile."""
        with self._lock:
            self._sock = sock
            if self._cancelled:
                sock.close()
                raise OSError("given up")

    def cancel(self) -> None:
        """Close what is open, from another thread; a call that is blocked in it returns."""
        with self._lock:
            self._cancelled = True
            if self.connection is not None:
                self.connection.sock.close()
            elif self._sock is not None:
                try:
                    # The plain socket's method: the TLS one would take its state away under
                    # the feet of the thread that uses it.
                    socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
                except OSError:
                    pass  # not connected any more: the thread is already ending

    def _run(self) -> None:
        opened: ReadyConnection | None = None
        failure: Failure | None = None
        client: _BoundedSMTP | None = None
        try:
            client = _BoundedSMTP(self._config, self)
            opened = client.open()
        except ConnectionLost as lost:
            failure = lost.failure
        except smtplib.SMTPResponseException as error:
            failure = Failure(_reply_text(error.smtp_error), error.smtp_code)
        except ssl.SSLCertVerificationError as error:
            failure = Failure(error_response(error), blame=Blame.ACCOUNT)
        except ProtocolError as error:
            failure = Failure(error.response)
        except (
            Exception
        ) as error:  # a thread has nobody to raise to: all of it is a failure of the connection
            failure = Failure(error_response(error))
        if opened is None:
            self._release(client)
        with self._lock:
            self.connection, self.failure = opened, failure
            if self._cancelled and opened is not None:
                opened.sock.close()
        if not self._cancelled:
            self._wake()

    def _release(self, client: _BoundedSMTP | None) -> None:
        for sock in (client.sock if client else None, self._sock):
            if sock is not None:
                sock.close()
