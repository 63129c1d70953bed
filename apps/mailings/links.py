"""Sealed links: what stands in a letter names a delivery without showing its number.

A letter has two tokens (apps.core.values.letter_seals): by the one its recipient unsubscribes, and
is measured; the other shows the letter in a browser, and gives no right to anything else. Both
name the delivery, the run and the version of its content. Letters of before had tokens of the kind
that everything else has; these go on opening.

Of that kind, a token is 24 bytes: 16 bytes of HMAC over purpose and id, and the id masked by an
HMAC of those 16 bytes (the construction of SIV). Both kinds are deterministic, so a letter rendered
again carries the same link; one changed bit, another id or another purpose opens nothing. Each of
the keys is tried, whether or not one has opened it: the work does not say what a token is.
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.conf import settings

from apps.core.site import site_url
from apps.core.values.letter_seals import LetterSeals, bytes_of

UNSUBSCRIBE: Final = b"unsubscribe"
MESSENGER: Final = b"telegram"  # links of the time when it was the only one go on opening
BOUNCE: Final = b"bounce"
PUBLIC: Final = b"public-link"
UNDO: Final = b"undo"
CONFIRM: Final = b"confirm"
SENDER: Final = b"sender"
PREFERENCES: Final = b"preferences"
SENDER_DOMAIN: Final = b"sender-domain"
VIEW: Final = b"view"
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
    return _opened(purpose, bytes_of(token))


def _opened(purpose: bytes, raw: bytes) -> int | None:
    seal, masked = raw[:16], raw[16:]
    found = None
    for secret in _secrets():
        sealing, masking = _keys(secret, purpose)
        plain = _mask(masked, masking, seal)
        expected = hmac.digest(sealing, purpose + b"|" + plain, "sha256")[:16]
        if hmac.compare_digest(expected, seal):
            found = int.from_bytes(plain)
    return found


def _secrets() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=8)
def _seals(secret: str) -> LetterSeals:
    return LetterSeals(secret.encode())


@dataclass(frozen=True, slots=True)
class LetterRef:
    """What the token of a letter names. ``delivery_id`` 0: nobody; ``run_id`` 0: no run."""

    delivery_id: int
    run_id: int
    version: int


class LetterLinks:
    """The tokens of the letters that have one content of a run; without a run, of a test."""

    __slots__ = ("_content", "_seals", "_site")

    def __init__(self, run_id: int = 0, version: int = 0) -> None:
        self._content = run_id.to_bytes(4) + version.to_bytes(2)
        self._seals = _seals(settings.SECRET_KEY)
        self._site = site_url()

    def tokens(self, delivery_id: int) -> tuple[str, str]:
        """The token of a letter, and that of its page in the browser."""
        return self._seals.tokens(delivery_id.to_bytes(6) + self._content)

    def urls(self, delivery_id: int) -> tuple[str, str, str]:
        """Where the letter is unsubscribed and where a browser shows it, and its token."""
        token, page = self.tokens(delivery_id)
        return f"{self._site}/u/{token}/", f"{self._site}/v/{page}/", token


def letter_of(token: str) -> LetterRef | None:
    """The letter that this is the token of, or None when nobody here has made it."""
    return _ref(token, second=False)


def _ref(token: str, *, second: bool) -> LetterRef | None:
    raw, found = bytes_of(token), None
    for secret in _secrets():
        plain = _seals(secret).opened(raw, second=second)
        if plain is not None:
            parts = plain[:6], plain[6:10], plain[10:]
            found = LetterRef(*(int.from_bytes(part) for part in parts))
    return found


def unsubscribe_token(delivery_id: int, run_id: int = 0, version: int = 0) -> str:
    """The token in this delivery's unsubscribe link."""
    return LetterLinks(run_id, version).tokens(delivery_id)[0]


def delivery_of(token: str) -> int | None:
    """The delivery whose unsubscribe link this is, or None for a forged one."""
    letter, before = letter_of(token), unsealed(UNSUBSCRIBE, token)
    return letter.delivery_id if letter is not None else before


def delivery_viewed(token: str) -> int | None:
    """The delivery whose letter this link shows, or None for a forged one."""
    letter, before = _ref(token, second=True), unsealed(VIEW, token)
    return letter.delivery_id if letter is not None else before


def unsubscribe_url(delivery_id: int) -> str:
    """The address that the recipient of this delivery can leave by."""
    return LetterLinks().urls(delivery_id)[0]


def view_url(delivery_id: int, run_id: int = 0, version: int = 0) -> str:
    """The address that shows this delivery's letter in a browser; it gives no right to act."""
    return LetterLinks(run_id, version).urls(delivery_id)[1]


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
