"""A scriptable SMTP server on the loopback: raw sockets, one thread per connection.

It does on its own what a well-behaved server does. ``on`` sets what to do otherwise, for a
command, perhaps for one recipient, perhaps only so many times. It keeps every command it read and
every message it accepted, the bytes as they came.
"""

from __future__ import annotations

import base64
import hmac
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tests.smtp_script import CLOSE, HANG, Accepted, Act, Behavior, say

__all__ = ["CLOSE", "HANG", "Accepted", "Act", "Behavior", "SmtpServer", "say"]

_ADDRESS: Final = re.compile(rb"^(?:MAIL FROM|RCPT TO):<(.*?)>", re.IGNORECASE | re.DOTALL)


@dataclass
class _Rule:
    command: str
    act: Act
    to: bytes | None
    times: int | None


@dataclass
class _Transaction:
    sender: bytes | None = None
    recipient: bytes | None = None
    asked: bytes = b""  # the recipient named last, accepted or not


class Gone(Exception):
    """This connection is over."""


@dataclass
class SmtpServer:
    """Start with ``with``; ``port`` is free and chosen by the system."""

    behavior: Behavior = field(default_factory=Behavior)
    accepted: list[Accepted] = field(default_factory=list)
    commands: list[bytes] = field(default_factory=list)  # every line read outside DATA
    connected: int = 0  # connections so far
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self._rules: list[_Rule] = []
        self._lock = threading.Condition()
        self._stop = threading.Event()
        self._open: set[socket.socket] = set()
        self._serving = 0
        self._threads: list[threading.Thread] = []
        self._mails: list[float] = []
        self.refused = 0  # MAIL refused beyond ``per_session``
        self.behind = 0  # letters with text behind their final dot
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]

    def on(
        self, command: str, act: Act, *, to: str | None = None, times: int | None = None
    ) -> None:
        """GREETING, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, BODY, DOT, RSET: do this instead."""
        wanted = to.encode("utf-8") if to is not None else None
        self._rules.append(_Rule(command, act, wanted, times))

    def forget(self) -> None:
        """From now on, well-behaved."""
        self._rules.clear()

    def ids(self) -> list[str]:
        return [message.message_id for message in self.accepted]

    def wait_for(self, command: bytes, times: int, seconds: float = 5.0) -> bool:
        """Until a command was read so often; False when that did not come true in time."""
        with self._lock:
            return self._lock.wait_for(lambda: self.commands.count(command) >= times, seconds)

    def __enter__(self) -> SmtpServer:
        self._start(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        socket.create_connection(("127.0.0.1", self.port)).close()
        with self._lock:
            for sock in self._open:
                try:
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)
                except OSError:
                    pass
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    # Inside

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            if self._stop.is_set():
                sock.close()
                return
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        with self._lock:
            self._serving += 1
            self.connected += 1
            crowded = 0 < self.behavior.connections < self._serving
            if not crowded:
                self.most_at_once = max(self.most_at_once, self._serving)
        connection = _Connection(self, sock)
        try:
            if self.behavior.tls is not None:
                connection.encrypt(self.behavior.tls)
            if crowded:
                connection.send(b"421 4.7.0 too many connections\r\n")
            else:
                connection.talk()
        except (Gone, OSError):
            pass
        finally:
            with self._lock:
                self._serving -= 1
            connection.close()

    def _act_for(self, command: str, to: bytes) -> Act | None:
        with self._lock:
            for rule in self._rules:
                if rule.command == command and rule.to in (None, to) and rule.times != 0:
                    if rule.times is not None:
                        rule.times -= 1
                    return rule.act
        return None

    def another_hour(self) -> None:
        """What was counted against the rate is forgotten."""
        with self._lock:
            self._mails.clear()

    def _too_many(self) -> bool:
        """One more MAIL: is it beyond the rate?"""
        most, seconds = self.behavior.rate
        with self._lock:
            now = time.monotonic()
            self._mails = [at for at in self._mails if now - at < seconds]
            if most and len(self._mails) >= most:
                return True
            self._mails.append(now)
            return False

    def _accept(self, message: Accepted) -> None:
        with self._lock:
            self.accepted.append(message)

    def _note(self, command: bytes) -> None:
        with self._lock:
            self.commands.append(command)
            self._lock.notify_all()


class _Connection:
    """One client. Every reply goes through ``answer``, so that every one can be scripted."""

    def __init__(self, server: SmtpServer, sock: socket.socket) -> None:
        self.server = server
        self.behavior = server.behavior
        self.sock = sock
        self.buffer = b""
        self.transaction = _Transaction()
        self.messages = 0
        self.named = b""
        self.out_of_step = 0  # bytes of the buffer that are answered with 503
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with server._lock:
            server._open.add(sock)

    def close(self) -> None:
        with self.server._lock:
            self.server._open.discard(self.sock)
        self.sock.close()

    def encrypt(self, context: ssl.SSLContext) -> None:
        with self.server._lock:
            self.server._open.discard(self.sock)
        self.sock = context.wrap_socket(self.sock, server_side=True)
        with self.server._lock:
            self.server._open.add(self.sock)

    def talk(self) -> None:
        self.answer("GREETING", b"220 %b ESMTP\r\n" % self.behavior.banner.encode())
        while True:
            line = self.read_until(b"\r\n")
            if self.out_of_step > 0:
                self.out_of_step -= len(line)
                self.send(b"503 5.5.1 bad sequence: written behind the data\r\n")
                continue
            self.server._note(line[:-2])
            verb = line[:4].upper()
            if verb in (b"EHLO", b"HELO"):
                self.named = line.split()[1]
                self.answer("EHLO", self.ehlo())
            elif verb == b"STAR" and self.behavior.starttls is not None:
                self.answer("STARTTLS", b"220 go ahead\r\n")
                self.buffer = b""
                self.encrypt(self.behavior.starttls)
            elif verb == b"AUTH":
                self.auth(line.split())
            elif verb == b"MAIL":
                self.mail(line)
            elif verb == b"RCPT":
                self.rcpt(line)
            elif verb == b"DATA":
                self.data()
            elif verb == b"RSET":
                self.transaction = _Transaction()
                self.answer("RSET", b"250 2.0.0 ok\r\n")
            elif verb == b"QUIT":
                self.send(b"221 2.0.0 bye\r\n")
                return
            else:
                self.send(b"500 5.5.1 what?\r\n")

    def ehlo(self) -> bytes:
        behavior = self.behavior
        lines = ["test greets you"]
        lines += ["PIPELINING"] * behavior.pipelining + ["8BITMIME"] * behavior.eightbit
        lines += ["SMTPUTF8"] * behavior.smtputf8
        if behavior.size is not None:
            lines.append(f"SIZE {behavior.size}")
        if behavior.starttls is not None and not isinstance(self.sock, ssl.SSLSocket):
            lines.append("STARTTLS")
        if behavior.auth:
            lines.append("AUTH " + " ".join(behavior.auth))
        text = [f"250-{line}" for line in lines[:-1]] + [f"250 {lines[-1]}"]
        return "\r\n".join(text).encode("ascii") + b"\r\n"

    def auth(self, args: list[bytes]) -> None:
        behavior, mechanism = self.behavior, args[1].upper()
        wanted = [behavior.user.encode(), behavior.password.encode()]
        if mechanism == b"PLAIN":
            right = base64.b64decode(args[2]).split(b"\0")[1:] == wanted
        elif mechanism == b"CRAM-MD5":
            challenge = b"<1896.697170952@test>"
            given = self.ask(challenge).rpartition(b" ")
            digest = hmac.new(wanted[1], challenge, "md5").hexdigest().encode()
            right = [given[0], given[2]] == [wanted[0], digest]
        elif mechanism in (b"XOAUTH2", b"OAUTHBEARER"):
            right = self.bearer(base64.b64decode(args[2]), *wanted)
            if not right:  # the reason first, then the client's empty answer (RFC 7628, 3.2.3)
                self.ask(b'{"status":"invalid_token"}')
        else:
            right = [base64.b64decode(args[2]), self.ask(b"Password:")] == wanted
        self.answer("AUTH", b"235 2.7.0 ok\r\n" if right else b"535 5.7.8 no\r\n")

    def bearer(self, given: bytes, user: bytes, token: bytes) -> bool:
        fields = given.split(b"\x01")
        named = fields[0] in (b"user=" + user, b"n,a=" + user + b",")
        return named and b"auth=Bearer " + token in fields and given.endswith(b"\x01\x01")

    def ask(self, challenge: bytes) -> bytes:
        self.send(b"334 " + base64.b64encode(challenge) + b"\r\n")
        return base64.b64decode(self.read_until(b"\r\n"))

    def mail(self, line: bytes) -> None:
        found = _ADDRESS.match(line)
        self.transaction = _Transaction()
        if self.behavior.grouped and self.buffer:
            self.server._note(b"(grouped)")
            if self.behavior.grouped == "close":
                raise Gone
            self.out_of_step = len(self.buffer)
            self.send(b"503 5.5.1 one at a time\r\n")
            return
        usual = b"250 2.1.0 ok\r\n"
        if 0 < self.behavior.per_session <= self.messages:
            self.server.refused += 1
            usual = b"452 4.5.3 too many messages on this connection\r\n"
        elif self.server._too_many():
            usual = b"450 4.7.1 too many messages from you, slow down\r\n"
        if self.answer("MAIL", usual) and found:
            self.transaction.sender = found.group(1)

    def rcpt(self, line: bytes) -> None:
        found = _ADDRESS.match(line)
        self.transaction.asked = found.group(1) if found else b""
        if self.transaction.sender is None:
            self.send(b"503 5.5.1 MAIL first\r\n")
        elif self.behavior.full_name and b"." not in self.named and b":" not in self.named:
            self.send(b"504 5.5.2 <%b>: Helo command rejected: need a full name\r\n" % self.named)
        elif self.answer("RCPT", b"250 2.1.5 ok\r\n"):
            self.transaction.recipient = self.transaction.asked

    def data(self) -> None:
        transaction = self.transaction
        go = b"354 go ahead\r\n"
        if transaction.recipient is None:
            go = b"554 5.5.1 no valid recipients\r\n"
        if not self.answer("DATA", go):
            return
        if act := self.server._act_for("BODY", transaction.asked):
            self.perform(act)
        raw = self.read_body()
        self.messages += 1
        if transaction.recipient is None:
            self.send(b"554 5.5.1 no valid recipients\r\n")
            return
        message = Accepted(transaction.sender or b"", transaction.recipient, raw)
        self.transaction = _Transaction(asked=transaction.asked)
        if self.buffer:
            self.server.behind += 1
            self.misbehave(message)
        self.answer("DOT", b"250 2.0.0 ok queued\r\n", message)
        if 0 < self.behavior.per_connection <= self.messages:
            raise Gone

    def misbehave(self, message: Accepted) -> None:
        """Text was written behind the final dot, before it was answered."""
        behind = self.behavior.behind
        if behind == "503":
            self.out_of_step = len(self.buffer)
        elif behind in ("close", "hang"):
            self.server._accept(message)
            self.perform(CLOSE if behind == "close" else HANG)
        elif behind == "late":
            self.perform(Act(wait=0.5))

    def read_body(self) -> bytes:
        self.buffer = b"\r\n" + self.buffer  # the end of the line that DATA stood on
        raw = self.read_until(b"\r\n.\r\n")[2:-3]
        unstuffed = raw.replace(b"\r\n.", b"\r\n")
        return unstuffed[1:] if unstuffed.startswith(b".") else unstuffed

    def answer(self, command: str, usual: bytes, message: Accepted | None = None) -> bool:
        """Reply as scripted, or as usual. True when the reply is positive."""
        act = self.server._act_for(command, self.transaction.asked) or Act(usual)
        if message is not None and not act.say.startswith((b"4", b"5")):
            # Noted before it is answered for, as a server must (RFC 5321, 6.1).
            self.server._accept(message)
        self.perform(act)
        return act.say[:1] in (b"2", b"3")

    def perform(self, act: Act) -> None:
        stop = self.server._stop
        if act.wait and stop.wait(act.wait):
            raise Gone
        if act.drip:
            for octet in act.say:
                self.send(bytes([octet]))
                if stop.wait(act.drip):
                    raise Gone
        elif act.say:
            self.send(act.say)
        if act.hang:
            stop.wait()
        if act.hang or act.close:
            raise Gone

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def read_until(self, end: bytes) -> bytes:
        while (found := self.buffer.find(end)) < 0:
            data = self.sock.recv(65536)
            if not data:
                raise Gone
            self.buffer += data
        cut = found + len(end)
        line, self.buffer = self.buffer[:cut], self.buffer[cut:]
        return line
