"""A small IMAP server for tests: as much of RFC 3501 as reading bounces and probes needs."""

from __future__ import annotations

import re
import socketserver
import ssl
import threading
from contextlib import suppress
from email import message_from_bytes
from typing import Self


class ImapServer(socketserver.ThreadingTCPServer):
    """Holds letters by UID (from 1) and remembers which were seen.

    ``folders``: further ones beside the inbox, by name, with their flags and letters.

    With ``tls`` it speaks TLS from the first byte, or after STARTTLS when ``starttls`` is set.
    Every line that came in the clear is in ``overheard``.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self,
        *letters: bytes,
        password: str = "pass word",
        tls: ssl.SSLContext | None = None,
        starttls: bool = False,
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.letters = dict(enumerate(letters, 1))
        self.folders: dict[str, tuple[str, dict[int, bytes]]] = {}
        self.arrived = "30-Nov-2026 10:00:00 +0000"
        self.seen: set[int] = set()
        self.password = password
        self.fetched: list[int] = []
        self.breaks_at = 0  # the UID at whose FETCH the line is dropped
        self.tls, self.starttls = tls, starttls
        self.overheard: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Session(socketserver.StreamRequestHandler):
    server: ImapServer
    letters: dict[int, bytes]

    def setup(self) -> None:
        super().setup()
        self.letters = self.server.letters

    def handle(self) -> None:
        with suppress(ssl.SSLError, ConnectionError):  # a client that does not trust us is gone
            if self.server.tls and not self.server.starttls:
                self._secure()
            self._talk()

    def finish(self) -> None:
        super().finish()
        self.connection.close()  # TLS is a socket of its own

    def _talk(self) -> None:
        self._say("* OK ready")
        while line := self.rfile.readline(65_536).decode().strip():
            if not isinstance(self.connection, ssl.SSLSocket):
                self.server.overheard.append(line)
            tag, _, rest = line.partition(" ")
            done = self._answer(rest)
            if done is None:
                return
            self._say(f"{tag} {done}")
            if rest.upper() == "STARTTLS" and done.startswith("OK"):
                self._secure()
            if rest.upper().startswith("LOGOUT"):
                return

    def _secure(self) -> None:
        assert self.server.tls is not None
        self.rfile.close()
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)

    def _answer(self, rest: str) -> str | None:
        word = rest.split(" ")[0].upper()
        if word == "UID":
            return self._uid(rest[4:])
        if word == "LOGIN":
            return "OK done" if f'"{self.server.password}"' in rest else "NO [AUTH] wrong password"
        if word == "CAPABILITY":
            offered = " STARTTLS" if self._offers_tls() else ""
            self._say(f"* CAPABILITY IMAP4rev1{offered}")
        if word == "STARTTLS" and not self._offers_tls():
            return "BAD no TLS here"
        if word == "LIST":
            for name, (flags, _letters) in {"INBOX": ("", {}), **self.server.folders}.items():
                self._say(f'* LIST ({flags}) "/" "{name}"')
        if word in ("SELECT", "EXAMINE"):
            name = rest.split(" ", 1)[1].strip('"')
            if name.upper() != "INBOX" and name not in self.server.folders:
                return "NO no such folder"
            inbox = ("", self.server.letters)
            self.letters = self.server.folders.get(name, inbox)[1]
            self._say(f"* {len(self.letters)} EXISTS")
        return "OK done"

    def _offers_tls(self) -> bool:
        secure = isinstance(self.connection, ssl.SSLSocket)
        return self.server.tls is not None and self.server.starttls and not secure

    def _uid(self, rest: str) -> str | None:
        word, _, arguments = rest.partition(" ")
        if word.upper() == "SEARCH":
            self._say("* SEARCH " + " ".join(map(str, self._found(arguments))))
            return "OK done"
        uid = int(arguments.split(" ")[0])
        if word.upper() == "FETCH":
            if uid == self.server.breaks_at:
                return None
            self._fetch(uid, arguments)
        if word.upper() == "STORE" and "\\Seen" in arguments:
            self.server.seen.add(uid)
        return "OK done"

    def _found(self, criteria: str) -> list[int]:
        asked = re.search(r'HEADER (\S+) "([^"]*)"', criteria)
        if asked is None:
            return sorted(self.letters.keys() - self.server.seen)
        headers = {uid: message_from_bytes(one) for uid, one in self.letters.items()}
        return [uid for uid, one in headers.items() if asked[2] in str(one.get(asked[1], ""))]

    def _fetch(self, uid: int, arguments: str) -> None:
        part = re.search(r"BODY\.PEEK\[\]<(\d+)\.(\d+)>", arguments)
        assert part is not None, arguments
        start, length = int(part[1]), int(part[2])
        content = self.letters[uid][start : start + length]
        self.server.fetched.append(len(content))
        arrived = f' INTERNALDATE "{self.server.arrived}"' if "INTERNALDATE" in arguments else ""
        self._say(f"* {uid} FETCH (UID {uid}{arrived} BODY[]<{start}> {{{len(content)}}}")
        self.wfile.write(content + b")\r\n")

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")
