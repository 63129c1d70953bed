"""Text as mail carries it: header values, and bodies in 7 bits (RFC 5322, 2045, 2047, 2231).

Nothing made here holds a bare CR or LF, a NUL, or a body line that begins with a dot. Lines are
at most 76 characters long wherever the standards allow a line to be folded.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from binascii import b2a_base64, b2a_qp
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from apps.core.content.rules import CONTROLS
from apps.core.content.template_language import RenderRefused

MAX_LINE: Final = 76
_BASE64_BYTES: Final = 57  # make one line
_WORD_BYTES: Final = 45  # make one encoded word of 72 characters
_WORD_FRAME: Final = len("=?utf-8?B??=")

_PHRASE: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOMAIN: Final = r"(?:[A-Za-z0-9-]+\.)*[A-Za-z0-9-]+|\[[A-Za-z0-9:.]+\]"
_ADDRESS: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_DOMAIN})")
_LOCAL_UTF8: Final = re.compile(r"[^\x00-\x20\x7f-\xa0\u2028\u2029()<>\[\]:;@\\,\"]+")
_ASCII_DOMAIN: Final = re.compile(_DOMAIN)


class HeaderInjection(RenderRefused):
    """A value would end its header, or hides control characters in it."""

    code = "header_injection"


class BadAddress(RenderRefused):
    """An address that cannot stand in a header."""

    code = "bad_address"


def one_line(value: str) -> str:
    """The value, when it is fit for a header."""
    if not value.isprintable() and CONTROLS.search(value):
        raise HeaderInjection
    return value


def header_address(address: str) -> bytes:
    """The address as a header shows it, its domain in ASCII.

    Only a local part that has no ASCII form stays in UTF-8 (RFC 6532): such an address can only
    be reached through a server that takes UTF-8.
    """
    if len(address) <= 254 and _ADDRESS.fullmatch(address):
        return address.encode()
    local, at, domain = address.rpartition("@")
    domain = ascii_domain(domain)
    usable = at and _LOCAL_UTF8.fullmatch(local) and _ASCII_DOMAIN.fullmatch(domain)
    if not usable or len(local) > 64 or len(domain) > 253:
        raise BadAddress
    if local.isascii() and not _ADDRESS.fullmatch(f"{local}@{domain}"):
        raise BadAddress
    return f"{local}@{domain}".encode()


def ascii_domain(domain: str) -> str:
    """The domain in A-labels (RFC 5890)."""
    return ".".join(_ascii_label(label) for label in domain.split("."))


def _ascii_label(label: str) -> str:
    if label.isascii():
        return label
    normal = unicodedata.normalize("NFKC", label).lower()
    return normal if normal.isascii() else "xn--" + normal.encode("punycode").decode()


def mailbox(name: str, address: bytes, used: int) -> bytes:
    """``name <address>``, or the address alone. ``used``: what the line already holds."""
    name = " ".join(one_line(name).split()) if name else ""
    if not name:
        return address
    phrase = _phrase(name, used)
    room = MAX_LINE - len(phrase) + (phrase.rfind(b"\n") + 1 or -used)
    gap = b" <" if len(address) + 3 <= room else b"\r\n <"
    return b"".join((phrase, gap, address, b">"))


def _phrase(name: str, used: int) -> bytes:
    if name.isascii() and "=?" not in name:
        if not _PHRASE.fullmatch(name):
            quoted = name.replace("\\", "\\\\").replace('"', '\\"')
            name_in_header = f'"{quoted}"'
        else:
            name_in_header = name
        folded = _fold(name_in_header, used)
        if folded is not None:
            return folded
    return encoded_words(name, used)


def unstructured(value: str, used: int) -> bytes:
    """A header's free text: as it is when it is ASCII, else in encoded words; folded."""
    value = one_line(value).strip(" ")
    if value.isascii() and "=?" not in value:
        folded = _fold(value, used)
        if folded is not None:
            return folded
    return encoded_words(value, used)


def _fold(value: str, used: int) -> bytes | None:
    """Folded at its single blanks; None when that cannot keep the lines short."""
    if used + len(value) <= MAX_LINE:
        return value.encode()
    lines: list[str] = []
    line, room = "", MAX_LINE - used
    for word in value.split(" "):
        if not word or len(word) >= MAX_LINE:
            return None
        if line and len(line) + 1 + len(word) > room:
            lines.append(line)
            line, room = "", MAX_LINE - 1
        line = f"{line} {word}" if line else word
        if len(line) > room:
            return None
    return "\r\n ".join([*lines, line]).encode()


def encoded_words(value: str, used: int) -> bytes:
    """RFC 2047: no character is divided between two words, no line is longer than 76."""
    data = value.encode()
    size = (MAX_LINE - used - _WORD_FRAME) // 4 * 3
    if len(data) <= size:
        return b"=?utf-8?B?%b?=" % b2a_base64(data, newline=False)
    words: list[bytes] = []
    start = 0
    while start < len(data):
        end = start + size
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        words.append(b"=?utf-8?B?%b?=" % b2a_base64(data[start:end], newline=False))
        start, size = end, _WORD_BYTES
    return b"\r\n ".join(words)


def parameter(name: str, value: str) -> bytes:
    """A parameter of a Content-… header on lines of its own, RFC 2231 when it is not ASCII."""
    one_line(value)
    if value.isascii() and "=?" not in value and len(name) + len(value) < 60:
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        return f';\r\n {name}="{quoted}"'.encode()
    octets = [quote(character, safe="") for character in value]
    rows, row = [], "utf-8''"
    for octet in octets:
        if len(row) + len(octet) > 50:
            rows.append(row)
            row = ""
        row += octet
    rows.append(row)
    if len(rows) == 1:
        return f";\r\n {name}*={row}".encode()
    return "".join(f";\r\n {name}*{number}*={row}" for number, row in enumerate(rows)).encode()


def line_ends(text: str) -> str:
    """Every line end as CRLF."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\n", "\r\n")


def is_seven_bit(text: str) -> bool:
    """True when the text (with CRLF) can travel as it is, on short lines."""
    plain = text.isascii() and not CONTROLS.search(text.replace("\r\n", "").replace("\t", ""))
    return plain and all(
        len(line) <= MAX_LINE and line[:1] != "." and line[:2] != "--" and line[-1:] not in " \t"
        for line in text.split("\r\n")
        if line
    )


def prefers_base64(text: str) -> bool:
    """True when base64 is shorter than quoted-printable: 4/3 of everything against 3 for one."""
    octets = text.encode()
    return sum(octet > 127 for octet in octets) * 6 > len(octets)


def quoted_printable(text: str) -> bytes:
    """Any text, from the beginning of a line. Ends in no blank, and leaves room for a ``=``."""
    if "\n" in text or "\r" in text:
        return b"\r\n".join(map(_qp_line, line_ends(text).split("\r\n")))
    return _qp_line(text)


def quoted_printable_bytes(data: bytes) -> bytes:
    """Any ASCII or UTF-8 bytes, exactly: a line end that is not CRLF is encoded, too."""
    return b"\r\n".join(map(_qp_octets, data.split(b"\r\n")))


def quoted_printable_value(value: str) -> bytes:
    """The same, quick for what a slot mostly holds."""
    if len(value) < 70 and value.isprintable() and value.isascii():
        if "=" not in value and value[:1] != "." and value[-1:] != " ":
            return value.encode()
    return quoted_printable(value)


def _qp_line(line: str) -> bytes:
    return _qp_octets(line.encode())


def _qp_octets(data: bytes) -> bytes:
    if len(data) <= 25:  # cannot grow beyond one line
        return _no_dot(b2a_qp(data, istext=False))
    codes = "".join(map(_QP.__getitem__, data))
    if codes[-1:] in " \t":
        codes = f"{codes[:-1]}={ord(codes[-1]):02X}"
    rows: list[str] = []
    start = 0
    while start < len(codes):
        dot = codes[start] == "."
        end = start + MAX_LINE - 1 - 2 * dot
        if end < len(codes):
            if codes[end - 1] == "=":
                end -= 1
            elif codes[end - 2] == "=":
                end -= 2
        row = codes[start:end]
        rows.append(f"=2E{row[1:]}" if dot else row)
        start = end
    return "=\r\n".join(rows).encode()


def _no_dot(row: bytes) -> bytes:
    return b"=2E" + row[1:] if row[:1] == b"." else row


_QP: Final = {
    octet: chr(octet) if (32 <= octet < 127 and octet != 61) or octet == 9 else f"={octet:02X}"
    for octet in range(256)
}

_Unpacker = Callable[[bytes], tuple[bytes, ...]]
_unpackers: dict[int, _Unpacker] = {}


def base64_lines(data: bytes) -> bytes:
    """Base64 on lines of 76. Cut by ``struct``, because every other way costs a loop in Python."""
    encoded = b2a_base64(data, newline=False)
    if len(encoded) <= MAX_LINE:
        return encoded
    rows, rest = divmod(len(encoded), MAX_LINE)
    unpack = _unpackers.get(len(encoded))
    if unpack is None:
        layout = "76s" * rows + (f"{rest}s" if rest else "")
        unpack = struct.Struct(layout).unpack
        if len(_unpackers) < 2_000 and rows < 4_000:  # sizes of one run's letters differ by little
            _unpackers[len(encoded)] = unpack
    return b"\r\n".join(unpack(encoded))
