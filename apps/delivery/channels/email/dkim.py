"""DKIM signatures (RFC 6376; Ed25519 by RFC 8463), relaxed/relaxed, over whole letters.

From and Subject are signed once more than they are there, so that nobody can add another one
unseen (RFC 6376, 8.15); List-Unsubscribe and List-Unsubscribe-Post are signed, as one-click
unsubscription demands (RFC 8058, 4).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

#: What is signed where it is there (RFC 6376, 5.4.1), in the order of the signature's ``h=``.
_SIGNED: Final = (
    *(b"from", b"sender", b"reply-to", b"to", b"subject", b"date", b"message-id"),
    *(b"mime-version", b"content-type", b"content-transfer-encoding"),
    *(b"list-id", b"list-unsubscribe", b"list-unsubscribe-post", b"feedback-id"),
)
_OVERSIGNED: Final = (b"from", b"subject")
#: RFC 8301, 3.2: at least 1024, and 2048 is what signers should use.
LEAST_RSA_BITS: Final = 2048
_RSA_SHA256: Final = (PKCS1v15(), SHA256())
_LINE: Final = 72
_BLANKS: Final = re.compile(rb"[ \t]+")
_BLANKS_AT_END: Final = re.compile(rb"[ \t]+\r\n")
_LONG_BLANKS: Final = re.compile(rb"[ \t]{2,}|\t")
_NEXT_HEADER: Final = re.compile(rb"\r\n(?![ \t])")

PrivateKey = RSAPrivateKey | Ed25519PrivateKey


class KeyUnfit(ValueError):
    """The file holds no key that can sign. The words go behind the name of a key of ``.env``."""


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A key of a domain, published under its selector."""

    domain: str
    selector: str
    private: PrivateKey

    def signs_for(self, address_domain: str) -> bool:
        """True for the key's own domain and those below it: DMARC takes both as aligned."""
        return f".{address_domain.lower()}".endswith(f".{self.domain}")

    @property
    def record_name(self) -> str:
        """Where its record stands in DNS."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The TXT record that is to stand there (RFC 6376, 3.6.1; RFC 8463, 4)."""
        return f"v=DKIM1; k={self._kind}; p={self.public}"

    @property
    def public(self) -> str:
        """The public key as the record has it."""
        public = self.private.public_key()
        if isinstance(self.private, Ed25519PrivateKey):
            octets = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        else:
            octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return b64encode(octets).decode()

    @property
    def _kind(self) -> str:
        return "ed25519" if isinstance(self.private, Ed25519PrivateKey) else "rsa"

    def signature(self, headers: _Headers, body_hash: bytes) -> bytes:
        """The header field that signs these headers and this body."""
        start, relaxed = _start(self._kind, self.domain, self.selector, headers.names)
        value = b64encode(self._sign(b"%b%b%b; b=" % (headers.canonical, relaxed, body_hash)))
        rows = [value[at : at + _LINE] for at in range(0, len(value), _LINE)]
        return b"%b%b;\r\n b=%b\r\n" % (start, body_hash, b"\r\n ".join(rows))

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self.private, Ed25519PrivateKey):
            return self.private.sign(sha256(data).digest())
        return self.private.sign(data, *_RSA_SHA256)


@lru_cache(maxsize=256)
def _start(kind: str, domain: str, selector: str, names: bytes) -> tuple[bytes, bytes]:
    """A signature up to the body's hash, as it is written and in relaxed form: one for a run."""
    start = (
        b"DKIM-Signature: v=1; a=%b-sha256; c=relaxed/relaxed; d=%b;\r\n s=%b; h=%b;\r\n bh="
        % (kind.encode(), domain.encode(), selector.encode(), names)
    )
    return start, b"dkim-signature:" + _relaxed_value(start.partition(b":")[2])


@dataclass(frozen=True, slots=True)
class _Headers:
    """The headers of one letter that are signed: their names, and themselves in relaxed form."""

    names: bytes
    canonical: bytes

    @classmethod
    def of(cls, head: bytes) -> _Headers:
        found: dict[bytes, bytes] = {}
        for line in _NEXT_HEADER.split(head):
            name, _, value = line.partition(b":")
            found[name.strip().lower()] = value
        present = tuple(filter(found.__contains__, _SIGNED))
        relaxed = [b"%b:%b\r\n" % (name, _relaxed_value(found[name])) for name in present]
        return cls(_folded(present), b"".join(relaxed))


def signed(message: bytes, keys: Sequence[DkimKey]) -> bytes:
    """The message (CRLF line ends) with a signature of each key before it."""
    head, _, body = message.partition(b"\r\n\r\n")
    headers = _Headers.of(head)
    body_hash = b64encode(sha256(_relaxed_body(body)).digest())
    return b"".join([*(key.signature(headers, body_hash) for key in keys), message])


def load_key(file: Path) -> PrivateKey:
    """The private key of a PEM file without a password. Raises KeyUnfit."""
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except OSError:
        raise KeyUnfit("is no readable file") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyUnfit("is no private key in PEM without a password") from None
    if isinstance(key, RSAPrivateKey):
        if key.key_size < LEAST_RSA_BITS:
            raise KeyUnfit(f"has {key.key_size} bits: {LEAST_RSA_BITS} are needed")
        return key
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise KeyUnfit("is neither an RSA nor an Ed25519 key")


def new_key(kind: str) -> tuple[PrivateKey, bytes]:
    """A fresh key, ``rsa`` or ``ed25519``, and its PEM."""
    key: PrivateKey
    if kind == "ed25519":
        key = Ed25519PrivateKey.generate()
    else:
        key = generate_private_key(public_exponent=65537, key_size=LEAST_RSA_BITS)
    return key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _relaxed_value(value: bytes) -> bytes:
    """What stands behind the colon of a header field, in relaxed form (RFC 6376, 3.4.2)."""
    if b"\r\n" in value or b"  " in value or b"\t" in value:
        value = _BLANKS.sub(b" ", value.replace(b"\r\n", b""))
    return value.strip(b" ")


def _relaxed_body(body: bytes) -> bytes:
    """The body in relaxed form (RFC 6376, 3.4.4)."""
    if b" \r\n" in body or b"\t" in body:
        body = _BLANKS_AT_END.sub(b"\r\n", body)
    if b"  " in body or b"\t" in body:
        body = _LONG_BLANKS.sub(b" ", body)
    body = body.rstrip(b"\r\n")  # empty lines at the end do not count
    return body + b"\r\n" if body else b""


@lru_cache(maxsize=256)
def _folded(present: tuple[bytes, ...]) -> bytes:
    """``h=`` on lines that are not too long: the same for all letters with the same headers."""
    rows, row = [], b""
    for name in (*present, *_OVERSIGNED):
        if row and len(row) + len(name) > _LINE - 4:
            rows.append(row)
            row = b""
        row += name + b":"
    return b"\r\n ".join([*rows, row]).removesuffix(b":")
