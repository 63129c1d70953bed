"""Two tokens for one thing, of one keyed hash: none of them leads to the other.

A token is 24 bytes: 12 of the keyed BLAKE2b of the content, and the content masked by another
keyed hash of those 12 (the construction of SIV). The first token has the first half of the hash,
the second the second half. It is deterministic; a changed bit, the other half or another key opens
nothing. The states are prepared, so that each of the hashes is one block.
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from binascii import Error, b2a_base64
from hashlib import blake2b
from typing import Final

#: Bytes of what a token names.
PLAIN: Final = 12
#: Characters of a token.
LENGTH: Final = 32
_NOTHING: Final = bytes(2 * PLAIN)
_URLSAFE: Final = bytes.maketrans(b"+/", b"-_")


class LetterSeals:
    """Makes and opens the tokens of one key. Safe to share."""

    __slots__ = ("_masking", "_sealing")

    def __init__(self, secret: bytes) -> None:
        key = hmac.digest(secret, b"vestnik.letter", "sha512")
        # A byte behind the key lets its block be hashed now, and not for every letter.
        self._sealing = blake2b(b"s", key=key, digest_size=2 * PLAIN, person=b"letter seal")
        self._masking = blake2b(b"m", key=key, digest_size=PLAIN, person=b"letter mask")

    def tokens(self, plain: bytes) -> tuple[str, str]:
        """Both tokens of these 12 bytes."""
        sealing = self._sealing.copy()
        sealing.update(plain)
        seals = sealing.digest()
        first, second = self._masking.copy(), self._masking.copy()
        first.update(seals[:PLAIN])
        second.update(seals[PLAIN:])
        masks = int.from_bytes(first.digest() + second.digest())
        masked = (masks ^ int.from_bytes(plain + plain)).to_bytes(2 * PLAIN)
        raw = b"".join((seals[:PLAIN], masked[:PLAIN], seals[PLAIN:], masked[PLAIN:]))
        both = b2a_base64(raw, newline=False).translate(_URLSAFE).decode("ascii")
        return both[:LENGTH], both[LENGTH:]

    def opened(self, raw: bytes, *, second: bool = False) -> bytes | None:
        """What the token of these bytes names; None if it is not one of ours, or the other one."""
        seal = raw[:PLAIN]
        masking = self._masking.copy()
        masking.update(seal)
        mask = int.from_bytes(masking.digest())
        plain = (mask ^ int.from_bytes(raw[PLAIN:])).to_bytes(PLAIN)
        sealing = self._sealing.copy()
        sealing.update(plain)
        seals = sealing.digest()
        expected = seals[PLAIN:] if second else seals[:PLAIN]
        return plain if hmac.compare_digest(expected, seal) else None


def bytes_of(token: str) -> bytes:
    """The 24 bytes of a token; for what cannot be one those that open nothing, by as much work."""
    if len(token) != LENGTH or not token.isascii():
        return _NOTHING
    try:
        return b64decode(token, altchars=b"-_", validate=True)
    except Error:
        return _NOTHING
