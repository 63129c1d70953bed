"""One attachment as a part of a message: byte for byte what was attached.

A text says in what charset it is (RFC 2046, 4.1.2; RFC 5545, 3.1.4; RFC 7111): without that word
a reader must take it for US-ASCII. A text whose charset is not known goes as mere bytes.
"""

from __future__ import annotations

import re
from typing import Final

from apps.delivery.channels.email.mime import (
    base64_lines,
    is_seven_bit,
    one_line,
    parameter,
    prefers_base64,
    quoted_printable_bytes,
)

_MIME_TYPE = re.compile(r"(?!multipart/|message/)[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,90}")
_BYTES: Final = "application/octet-stream"
#: A longer text is written in base64, whatever is in it: quoted-printable is slow to make.
_LONG: Final = 500_000


def attachment_part(name: str, mime_type: str, data: bytes) -> bytes:
    """The headers and the body of the part."""
    kind, encoding, body = _content(mime_type.lower(), data)
    return b"".join(
        (
            f"Content-Type: {kind}\r\nContent-Disposition: attachment".encode(),
            parameter("filename", one_line(name) or "attachment"),
            f"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode(),
            body,
        )
    )


def picture_part(content_id: str, mime_type: str, data: bytes) -> bytes:
    """The same of a picture that the HTML shows by its content id."""
    kind, encoding, body = _content(mime_type.lower(), data)
    name = f"{content_id.partition('@')[0]}.{mime_type.rpartition('/')[2]}"
    return b"".join(
        (
            f"Content-Type: {kind}\r\nContent-ID: <{one_line(content_id)}>\r\n".encode(),
            b"Content-Disposition: inline",
            parameter("filename", name),
            f"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode(),
            body,
        )
    )


def _content(kind: str, data: bytes) -> tuple[str, str, bytes]:
    """Content type, transfer encoding, and the encoded bytes."""
    if not _MIME_TYPE.fullmatch(kind):  # what claims to be a message must not be base64
        return _BYTES, "base64", base64_lines(data)
    if not kind.startswith("text/"):
        return kind, "base64", base64_lines(data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _BYTES, "base64", base64_lines(data)
    if not data.isascii():
        kind = f'{kind}; charset="utf-8"'
    return kind, *_encoded(text, data)


def _encoded(text: str, data: bytes) -> tuple[str, bytes]:
    if len(data) > _LONG or prefers_base64(text):
        return "base64", base64_lines(data)
    if "\n" not in text.replace("\r\n", "") and is_seven_bit(text):
        return "7bit", data
    return "quoted-printable", quoted_printable_bytes(data)
