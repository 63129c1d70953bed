"""Sealed links: what stands in a letter names a delivery without showing its number.

A token is 24 bytes: 16 bytes of HMAC over purpose and id, and the id masked by an HMAC of those
16 bytes (the construction of SIV). It is deterministic, so a letter rendered again carries the
same link; one changed bit, another id or another purpose opens nothing.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from functools import lru_cache
from typing import Final

from django.conf import settings

from apps.core.site import site_url

UNSUBSCRIBE: Final = b"unsubscribe"
TELEGRAM: Final = b"telegram"
BOUNCE: Final = b"bounce"
PUBLIC: Final = b"public-link"
UNDO: Final = b"undo"
CONFIRM: Final = b"confirm"
SENDER: Final = b"sender"
PREFERENCES: Final = b"preferences"
SENDER_DOMAIN: Final = b"sender-domain"
VIEW: Final = b"view"
_LENGTH: Final = 32  # 24 bytes in base64
#: 24 bytes in base32: a mail server may change the case of a local part.
_MARK = re.compile(r"\+([a-z2-7]{39})@")


@lru_cache(maxsize=64)
def _keys(secret: str, purpose: bytes) -> tuple[bytes, bytes]:
    """The sealing and the masking key of one purpose."""
    root = secret.encode()
    return (
        hmac.digest(root, b"vestnik.links.seal:" + purpose, "sha256"),
        hmac.digest(root, b"vestnik.links.mask:" + purpose, "sha256"),
    )


def _mask(number: bytes, key: bytes, seal: bytes) -> bytes:
    pad = hmac.digest(key, seal, "sha256")
    return (int.from_bytes(number) ^ int.from_bytes(pad[:8])).to_bytes(8)


def sealed(purpose: bytes, number: int) -> str:
    """The token that names ``number`` for this purpose and no other."""
    return base64.urlsafe_b64encode(_seal(purpose, number)).decode("ascii")


def _seal(purpose: bytes, number: int) -> bytes:
    sealing, masking = _keys(settings.SECRET_KEY, purpose)
    plain = number.to_bytes(8)
    seal = hmac.digest(sealing, purpose + b"|" + plain, "sha256")[:16]
    return seal + _mask(plain, masking, seal)


def unsealed(purpose: bytes, token: str) -> int | None:
    """The number in the token, or None when nobody here has made it for this purpose."""
    if len(token) != _LENGTH or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    return _opened(purpose, raw) if len(raw) == 24 else None


def _opened(purpose: bytes, raw: bytes) -> int | None:
    seal, masked = raw[:16], raw[16:]
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        sealing, masking = _keys(secret, purpose)
        plain = _mask(masked, masking, seal)
        expected = hmac.digest(sealing, purpose + b"|" + plain, "sha256")[:16]
        if hmac.compare_digest(expected, seal):
            return int.from_bytes(plain)
    return None


def unsubscribe_token(delivery_id: int) -> str:
    """The token in this delivery's unsubscribe link."""
    return sealed(UNSUBSCRIBE, delivery_id)


def delivery_of(token: str) -> int | None:
    """The delivery whose unsubscribe link this is, or None for a forged one."""
    return unsealed(UNSUBSCRIBE, token)


def unsubscribe_url(delivery_id: int) -> str:
    """The address that the recipient of this delivery can leave by."""
    return f"{site_url()}/u/{unsubscribe_token(delivery_id)}/"


def view_url(delivery_id: int) -> str:
    """The address that shows this delivery's letter in a browser; it gives no right to act."""
    return f"{site_url()}/v/{sealed(VIEW, delivery_id)}/"


def confirm_url(signup_id: int) -> str:
    """The address that confirms this sign-up."""
    return f"{site_url()}/c/{sealed(CONFIRM, signup_id)}/"


def preferences_url(owner_id: int) -> str:
    """The address at which people ask this owner for a link to their preferences."""
    return f"{site_url()}/preferences/{sealed(PREFERENCES, owner_id)}/"


def sender_url(sender_id: int) -> str:
    """The address that confirms this sender's email address."""
    return f"{site_url()}/senders/confirm/{sealed(SENDER, sender_id)}/"


def bounce_sender(delivery_id: int) -> str:
    """The envelope sender of this delivery's letter (VERP): BOUNCE_ADDRESS with its own mark."""
    local, _at, domain = settings.BOUNCE_ADDRESS.partition("@")
    mark = base64.b32encode(_seal(BOUNCE, delivery_id)).decode("ascii").rstrip("=").lower()
    return f"{local}+{mark}@{domain}"


def delivery_of_bounce(address: str) -> int | None:
    """The delivery whose bounce came to this address, or None when nobody here has made it."""
    found = _MARK.search(address.lower())
    if found is None:
        return None
    raw = base64.b32decode(found[1].upper() + "=")
    return _opened(BOUNCE, raw)
