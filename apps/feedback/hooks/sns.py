"""Verify that a message is from Amazon SNS: by its signature, with Amazon's certificate.

The certificate is read from Amazon's own host and no other, over TLS, by the client that never goes
into the house; it is kept in the process until it ends.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from apps.core.errors import Refused
from apps.core.http.outbound import read
from apps.feedback.hooks.signatures import HookRefused, check_age

NOTIFICATION: Final = "Notification"
SUBSCRIPTION: Final = "SubscriptionConfirmation"
#: SNS tries a call again for an hour at most; five minutes are the clocks'.
MAX_AGE: Final = 3_900
_SUBSCRIBING: Final = (
    "Message",
    "MessageId",
    "SubscribeURL",
    "Timestamp",
    "Token",
    "TopicArn",
    "Type",
)
#: What is signed, in this order. A Subject is signed when there is one.
_SIGNED: Final[Mapping[str, tuple[str, ...]]] = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIPTION: _SUBSCRIBING,
    "UnsubscribeConfirmation": _SUBSCRIBING,
}
_HASHES: Final[Mapping[str, HashAlgorithm]] = {"1": SHA1(), "2": SHA256()}
#: The host of a region. A looser pattern lets in sns.s3.amazonaws.com, which is anybody's bucket.
_HOST = re.compile(r"sns\.[a-z]{2}(-[a-z]+)+-\d\.amazonaws\.com(\.cn)?", re.ASCII)
_CERTIFICATE = re.compile(
    rf"https://{_HOST.pattern}/SimpleNotificationService-[0-9a-f]{{32}}\.pem", re.ASCII
)
#: A certificate has two kilobytes.
_MOST: Final = 20_000
_SECONDS: Final = 5.0


class Certificates:
    """Certificates by their addresses: the last few, each for as long as it is valid.

    An address that could not be read is not asked again for a minute, so that a server that hangs
    does not hold every call.
    """

    most: Final = 8
    pause: Final = timedelta(minutes=1)

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, x509.Certificate | datetime] = {}

    def get(self, url: str, now: datetime) -> x509.Certificate:
        """Raises HookRefused: 503 when it cannot be had now, 403 when it is not to be believed."""
        with self._lock:
            kept = self._kept.get(url)
        if isinstance(kept, datetime) and now < kept:
            raise HookRefused(503, "the certificate could not be read a moment ago")
        found = kept if isinstance(kept, x509.Certificate) else self._fetched(url, now)
        if not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
            self._forget(url)
            raise HookRefused(403, "the certificate is not valid now")
        return found

    def _fetched(self, url: str, now: datetime) -> x509.Certificate:
        try:
            found = x509.load_pem_x509_certificate(read(url, max_bytes=_MOST, seconds=_SECONDS))
        except Refused as refusal:
            self._keep(url, now + self.pause)
            raise HookRefused(503, f"the certificate cannot be read: {refusal.code}") from refusal
        except ValueError:
            self._keep(url, now + self.pause)
            raise HookRefused(503, "what was read is no certificate") from None
        self._keep(url, found)
        return found

    def _keep(self, url: str, what: x509.Certificate | datetime) -> None:
        with self._lock:
            self._kept.pop(url, None)
            self._kept[url] = what
            while len(self._kept) > self.most:
                del self._kept[next(iter(self._kept))]

    def _forget(self, url: str) -> None:
        with self._lock:
            self._kept.pop(url, None)


CERTIFICATES: Final = Certificates()


def verify(message: Mapping[str, Any], now: datetime) -> None:
    """Raises HookRefused: 403 for what Amazon did not sign just now, 503 when that is not known."""
    hashed = _HASHES.get(str(message.get("SignatureVersion")))
    if hashed is None:
        raise HookRefused(403, "version of the signature")
    url = str(message.get("SigningCertURL"))
    if not _CERTIFICATE.fullmatch(url):
        raise HookRefused(403, "address of the certificate")
    try:
        signature = base64.b64decode(str(message.get("Signature")), validate=True)
    except ValueError:
        raise HookRefused(403, "signature") from None
    text = canonical(message)
    _check_time(str(message["Timestamp"]), now)
    key = CERTIFICATES.get(url, now).public_key()
    if not isinstance(key, RSAPublicKey):
        raise HookRefused(403, "key of the certificate")
    try:
        key.verify(signature, text, PKCS1v15(), hashed)
    except InvalidSignature:
        raise HookRefused(403, "signature") from None


def canonical(message: Mapping[str, Any]) -> bytes:
    """What Amazon signs: every name and every value on a line of its own. Raises HookRefused."""
    lines: list[str] = []
    for name in _SIGNED.get(str(message.get("Type")), ()):
        value = message.get(name)
        if value is None and name == "Subject":
            continue
        if not isinstance(value, str):
            raise HookRefused(403, f"{name} is missing")
        lines += [name, value]
    if not lines:
        raise HookRefused(403, "type")
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")


def is_amazons(url: str) -> bool:
    """https on SNS' host of a region, with nothing in the address that means another one."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and "\\" not in url and " " not in url
    return plain and parts.scheme == "https" and bool(_HOST.fullmatch(parts.netloc))


def _check_time(written: str, now: datetime) -> None:
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise HookRefused(403, "no time") from None
    at = found if found.tzinfo else found.replace(tzinfo=UTC)
    check_age(str(at.timestamp()), now, most=MAX_AGE)
