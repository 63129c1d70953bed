"""Authentication of an SMTP client (RFC 4954): mechanisms, prepared passwords, access tokens."""

from __future__ import annotations

import base64
import hmac
import os
import shlex
import smtplib
import stringprep
import subprocess
import threading
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from apps.core.responses.stored import coded

#: Over TLS the password itself is as safe as a digest of it, and more servers check it right.
_ENCRYPTED: Final = ("PLAIN", "LOGIN", "CRAM-MD5")
_IN_CLEAR: Final = ("CRAM-MD5", "PLAIN", "LOGIN")
#: Longest access token taken from a file or a command, in characters.
MAX_TOKEN: Final = 16_384


class CredentialsError(Exception):
    """The credentials cannot be used. The message never holds the secret."""

    def __init__(self, code: str, *values: object) -> None:
        self.response = coded(code, *values)
        super().__init__(self.response)


def saslprep(text: str) -> str:
    """Prepare a user name or a password as both sides compare it (RFC 4013, a query string).

    Raises CredentialsError for characters that no such string may hold.
    """
    if text.isascii() and text.isprintable():
        return text
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char
        for char in text
        if not stringprep.in_table_b1(char)
    )
    prepared = unicodedata.normalize("NFKC", mapped)
    if any(prohibited(char) for char in prepared for prohibited in _PROHIBITED):
        raise CredentialsError("login_characters")
    rtl = [stringprep.in_table_d1(char) for char in prepared]
    if any(rtl) and not (
        rtl[0] and rtl[-1] and not any(stringprep.in_table_d2(char) for char in prepared)
    ):
        raise CredentialsError("login_directions")
    return prepared


_PROHIBITED: Final[tuple[Callable[[str], bool], ...]] = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


class AccessToken(ABC):
    """An OAuth 2.0 access token that another program keeps fresh; shared by all connections."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token = ""

    def current(self) -> str:
        """Return the token in use. Raises CredentialsError."""
        with self._lock:
            self._token = self._token or self._checked()
            return self._token

    def renewed(self, refused: str) -> str:
        """Return a newer token than the refused one; the same when there is none.

        Raises CredentialsError.
        """
        with self._lock:
            if self._token in ("", refused):
                self._token = self._checked()
            return self._token

    @abstractmethod
    def _fetch(self) -> str:
        """Obtain a token. Raises OSError, subprocess.SubprocessError or UnicodeError."""

    def _checked(self) -> str:
        try:
            token = self._fetch().strip()
        except (OSError, subprocess.SubprocessError, UnicodeError) as error:
            text = getattr(error, "strerror", None) or type(error).__name__
            raise CredentialsError("token_missing", text) from None
        if not token or len(token) > MAX_TOKEN or any(not "!" <= char <= "~" for char in token):
            raise CredentialsError("token_unfit")
        return token


class TokenFromFile(AccessToken):
    """Reads the token from a file that another program rewrites."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def _fetch(self) -> str:
        with self._path.open(encoding="utf-8") as file:
            return file.read(MAX_TOKEN + 2)


class TokenFromCommand(AccessToken):
    """Runs a command that prints the token; without a shell, for at most ``seconds``."""

    def __init__(self, command: str, seconds: float = 30.0) -> None:
        super().__init__()
        self._words = shlex.split(command, posix=os.name != "nt")
        self._seconds = seconds

    def _fetch(self) -> str:
        done = subprocess.run(
            self._words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=self._seconds,
            check=True,
        )
        return done.stdout.decode("utf-8")


def log_in(client: smtplib.SMTP, username: str, password: str, *, encrypted: bool) -> None:
    """Log in with a password by the offered mechanisms, one after the other.

    Raises CredentialsError, or what smtplib raises: SMTPAuthenticationError for a refusal.
    """
    user, secret = saslprep(username).encode(), saslprep(password).encode()
    offered = _offered(client)
    order = [name for name in (_ENCRYPTED if encrypted else _IN_CLEAR) if name in offered]
    if not order:
        raise CredentialsError("login_no_mechanism", " ".join(offered) or "-")
    for name in order:
        code, text = _exchange(client, name, _ANSWERS[name](user, secret))
        if code in (235, 503):  # 503: already authenticated (RFC 4954, 4)
            return
    raise smtplib.SMTPAuthenticationError(code, text)


def log_in_by_token(client: smtplib.SMTP, username: str, token: AccessToken, *, host: str) -> None:
    """Log in by XOAUTH2 (Google, Microsoft) or OAUTHBEARER (RFC 7628).

    A refused token is renewed once. Raises like ``log_in``.
    """
    user, offered = saslprep(username), _offered(client)
    name = next((name for name in ("XOAUTH2", "OAUTHBEARER") if name in offered), "")
    if not name:
        raise CredentialsError("login_no_token_taken", " ".join(offered) or "-")
    given = token.current()
    code, text = _exchange(client, name, _bearer(name, user, given, host))
    if code >= 500 and (newer := token.renewed(given)) != given:
        code, text = _exchange(client, name, _bearer(name, user, newer, host))
    if code not in (235, 503):
        raise smtplib.SMTPAuthenticationError(code, text)


def _offered(client: smtplib.SMTP) -> list[str]:
    client.ehlo_or_helo_if_needed()
    if not client.has_extn("auth"):
        raise CredentialsError("login_not_offered")
    return client.esmtp_features["auth"].upper().split()


#: What the client says to each challenge of the server, in order.
Answers = Sequence[Callable[[bytes], bytes]]


def _plain(user: bytes, secret: bytes) -> Answers:
    """RFC 4616: UTF-8, no other identity than the one that logs in."""
    return (lambda _: b"\0" + user + b"\0" + secret,)


def _login(user: bytes, secret: bytes) -> Answers:
    """The two questions of the old LOGIN mechanism; the name goes with the command."""
    return (lambda _: user, lambda _: secret)


def _cram_md5(user: bytes, secret: bytes) -> Answers:
    """RFC 2195: the keyed digest of the server's challenge."""
    digest: Callable[[bytes], bytes] = lambda challenge: (
        user + b" " + hmac.new(secret, challenge, "md5").hexdigest().encode()
    )
    return (digest,)


_ANSWERS: Final[Mapping[str, Callable[[bytes, bytes], Answers]]] = {
    "PLAIN": _plain,
    "LOGIN": _login,
    "CRAM-MD5": _cram_md5,
}
#: What the client says first belongs to the command itself (RFC 4954, 4), but not to a challenge.
_SPEAKS_FIRST: Final = frozenset({"PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"})


def _bearer(name: str, user: str, token: str, host: str) -> Answers:
    """The token, and the empty answer that a server awaits after its words of refusal."""
    if name == "XOAUTH2":
        text, end = f"user={user}\x01auth=Bearer {token}\x01\x01", b""
    else:
        name_of_user = user.replace("=", "=3D").replace(",", "=2C")
        text, end = f"n,a={name_of_user},\x01host={host}\x01auth=Bearer {token}\x01\x01", b"\x01"
    return (lambda _: text.encode(), lambda _: end)


def _exchange(client: smtplib.SMTP, name: str, answers: Answers) -> tuple[int, bytes]:
    """Run one mechanism to its end; return the server's last reply."""
    left = list(answers)
    initial = ""
    if name in _SPEAKS_FIRST:
        initial = " " + (_encoded(left.pop(0)(b"")) or "=")
    code, reply = client.docmd("AUTH", name + initial)
    while code == 334:
        if not left:  # a server that goes on asking; RFC 4954, 4: "*" cancels
            return client.docmd("*")
        code, reply = client.docmd(_encoded(left.pop(0)(_decoded(reply))))
    return code, reply


def _encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=False)
    except ValueError:
        return b""
