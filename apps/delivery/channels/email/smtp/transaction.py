"""A letter as SMTP commands and data: the one place where addresses and bodies become bytes.

Whatever could end a command early, or be read as the end of the data, is refused here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from io import IncrementalNewlineDecoder
from typing import Final

from apps.core.contracts import Letter
from apps.core.responses.stored import coded

#: The longest line of a message, without CRLF (RFC 5322, 2.1.1; RFC 5321, 4.5.3.1.6).
MAX_TEXT_LINE: Final = 998
#: More than any real path has (RFC 5321, 4.5.3.1.3 says 256 octets), few enough for one TLS record.
MAX_PATH: Final = 900

#: Control characters, space and angle brackets: each could end or alter a command.
_FORBIDDEN: Final = re.compile("[\x00-\x20<>\x7f-\x9f\u2028\u2029]")
#: Letters that the standard library's IDNA 2003 maps to *another* domain than IDNA 2008 does.
_DEVIATIONS: Final = frozenset("ßς\u200c\u200d")


class Unsendable(Exception):
    """This letter cannot be put into SMTP for this server. Nothing of it was written."""

    def __init__(self, code: str, *values: object) -> None:
        self.response = coded(code, *values)
        super().__init__(self.response)


@dataclass(frozen=True, slots=True)
class Extensions:
    """What the server offers (RFC 2920, 1870, 6152, 6531). ``size`` 0: no limit announced."""

    pipelining: bool = False
    sizes: bool = False
    size: int = 0
    eightbit: bool = False
    smtputf8: bool = False

    @classmethod
    def from_ehlo(cls, features: Mapping[str, str]) -> Extensions:
        """Out of the keywords and parameters of an EHLO answer, keywords in lower case."""
        limit = features.get("size", "").strip()
        return cls(
            pipelining="pipelining" in features,
            sizes="size" in features,
            size=int(limit) if limit.isascii() and limit.isdigit() else 0,
            eightbit="8bitmime" in features,
            smtputf8="smtputf8" in features,
        )


class MailTransaction:
    """A letter ready for one server: its two commands, and its data dot-stuffed without the dot."""

    __slots__ = ("letter", "mail", "rcpt", "body", "began")

    def __init__(self, letter: Letter, mail: bytes, rcpt: bytes, body: bytes) -> None:
        self.letter = letter
        self.mail = mail
        self.rcpt = rcpt
        self.body = body
        self.began = 0.0  # monotonic seconds at which its first command was written


def build_transaction(letter: Letter, offered: Extensions) -> MailTransaction:
    """The letter as this server can take it. Raises ``Unsendable`` with the reason."""
    sender, address, body = letter.sender, letter.address, letter.body
    if not address:
        raise Unsendable("envelope_no_address")
    _refuse_forbidden(sender, "envelope_sender_signs")
    _refuse_forbidden(address, "envelope_address_signs")
    utf8 = False
    if not (sender.isascii() and address.isascii()):
        utf8 = _needs_utf8(sender) or _needs_utf8(address)
        if utf8 and not offered.smtputf8:
            raise Unsendable("envelope_address_utf8")
    parameters = _parameters(body, offered)
    if utf8:
        parameters += b" SMTPUTF8"
    return MailTransaction(
        letter,
        b"MAIL FROM:<%b>%b\r\n" % (_path(sender, utf8), parameters),
        b"RCPT TO:<%b>\r\n" % _path(address, utf8),
        _data(body),
    )


def _refuse_forbidden(path: str, code: str) -> None:
    if _FORBIDDEN.search(path):
        raise Unsendable(code)


def _needs_utf8(path: str) -> bool:
    """True when a part that has no ASCII form, so all but the domain, is not ASCII."""
    local, at, domain = path.rpartition("@")
    return not (local if at else domain).isascii()


def _path(path: str, utf8: bool) -> bytes:
    try:
        if utf8:
            octets = path.encode("utf-8")
        elif path.isascii():
            octets = path.encode("ascii")
        else:
            local, _, domain = path.rpartition("@")
            octets = f"{local}@{_ascii_domain(domain)}".encode("ascii")
    except UnicodeError:
        raise Unsendable("envelope_address_unfit") from None
    if len(octets) > MAX_PATH:
        raise Unsendable("envelope_address_long", MAX_PATH)
    return octets


def _ascii_domain(domain: str) -> str:
    """The domain in A-labels (RFC 5890). Raises ``UnicodeError`` when there is none."""
    if len(domain) > 253:
        raise UnicodeError("domain too long")
    if _DEVIATIONS.isdisjoint(domain):
        encoded = domain.encode("idna").decode("ascii")
    else:
        encoded = ".".join(_a_label(label) for label in domain.split("."))
    # Compatibility forms turn into ASCII on the way: U+FF1E, a wide ">", becomes a real one.
    if "@" in encoded or _FORBIDDEN.search(encoded):
        raise UnicodeError("not a domain")
    return encoded


def _a_label(label: str) -> str:
    if label.isascii():
        return label
    normal = unicodedata.normalize("NFC", label.lower())
    return "xn--" + normal.encode("punycode").decode("ascii")


def _parameters(body: bytes, offered: Extensions) -> bytes:
    parameters = b""
    if offered.sizes:
        if 0 < offered.size < len(body):
            raise Unsendable("envelope_too_large", len(body), offered.size)
        parameters = b" SIZE=%d" % len(body)
    if not body.isascii():
        if not offered.eightbit:
            raise Unsendable("envelope_8bit")
        parameters += b" BODY=8BITMIME"
    return parameters


def _data(body: bytes) -> bytes:
    """The body with leading dots doubled (RFC 5321, 4.5.2). Raises ``Unsendable``."""
    if not body.endswith(b"\r\n"):
        raise Unsendable("envelope_no_end")
    if b"\0" in body:
        raise Unsendable("envelope_nul")
    # Three times faster than counting: the decoder notes which line ends it met in one pass.
    newlines = IncrementalNewlineDecoder(None, False)
    newlines.decode(body.decode("latin-1"), True)
    if newlines.newlines != "\r\n":
        raise Unsendable("envelope_line_ends")
    _refuse_long_lines(body)
    # rfind is three times faster than find for this pattern in CPython.
    if body.rfind(b"\n.") >= 0:
        body = body.replace(b"\n.", b"\n..")
    return b"." + body if body.startswith(b".") else body


def _refuse_long_lines(body: bytes) -> None:
    """Leap from line end to line end as far as a line may reach: a few searches for 4 KB."""
    position, end = 0, len(body)
    while position < end:
        feed = body.rfind(b"\n", position, position + MAX_TEXT_LINE + 2)
        if feed < 0:
            raise Unsendable("envelope_long_line", MAX_TEXT_LINE)
        position = feed + 1
