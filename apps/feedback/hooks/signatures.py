"""How each provider proves that a call is its own, before a word of it is believed.

Each function of a provider raises HookRefused (403) when it is not.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.conf import settings
from django.http import HttpRequest

#: Seconds by which a signature may be older, or newer, than the present moment.
MAX_AGE: Final = 300


class HookRefused(Exception):
    """Not believed (403), without sense (400), or nobody can say now (503). Nothing was changed."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def same(given: str, expected: str) -> bool:
    """Are they equal? Takes the same time wherever they differ; nothing equals an empty one."""
    return bool(expected) and hmac.compare_digest(
        given.encode("utf-8", "replace"), expected.encode()
    )


def check_age(timestamp: str, now: datetime, *, most: int = MAX_AGE) -> None:
    """Seconds since 1970 that are within ``most`` seconds of now. Raises HookRefused."""
    try:
        at = datetime.fromtimestamp(float(timestamp), UTC)
    except (ValueError, OverflowError, OSError):
        raise HookRefused(403, "no time") from None
    if abs((now - at).total_seconds()) > most:
        raise HookRefused(403, "too old")


_MANDRILL: Final = "X-Mandrill-Signature"
_SENDGRID: Final = "X-Twilio-Email-Event-Webhook-"
#: SendGrid tries a call again for a day, with the time of the first one in it.
_SENDGRID_AGE: Final = 86_700


def login(request: HttpRequest, key: str, now: datetime) -> None:
    """Name and password by basic auth: Brevo, Mailjet, Postmark and SparkPost sign nothing."""
    scheme, _blank, given = request.headers.get("Authorization", "").partition(" ")
    expected = base64.b64encode(key.encode()).decode()
    if scheme.lower() != "basic" or not same(given.strip(), expected):
        raise HookRefused(403, "basic auth")


def mailersend(request: HttpRequest, key: str, now: datetime) -> None:
    """HMAC-SHA256 of the body."""
    _check_hmac(request, key, "Signature")


def mailtrap(request: HttpRequest, key: str, now: datetime) -> None:
    """HMAC-SHA256 of the body."""
    _check_hmac(request, key, "Mailtrap-Signature")


def _check_hmac(request: HttpRequest, key: str, header: str) -> None:
    expected = hmac.new(key.encode(), request.body, "sha256").hexdigest()
    if not same(request.headers.get(header, "").lower(), expected):
        raise HookRefused(403, "signature")


def mailgun(request: HttpRequest, key: str, now: datetime) -> None:
    """HMAC-SHA256 of time and token."""
    is_json = request.content_type == "application/json"
    block = json.loads(request.body).get("signature") if is_json else request.POST
    try:
        timestamp, token, given = (str(block[name]) for name in ("timestamp", "token", "signature"))
    except (KeyError, TypeError):
        raise HookRefused(403, "signature") from None
    expected = hmac.new(key.encode(), f"{timestamp}{token}".encode(), "sha256").hexdigest()
    if not same(given, expected):
        raise HookRefused(403, "signature")
    check_age(timestamp, now)


def mandrill(request: HttpRequest, key: str, now: datetime) -> None:
    """HMAC-SHA1 of the address, as it stands at the provider, and of the sorted fields."""
    signed = settings.SITE_URL.rstrip("/") + request.path
    for name, value in sorted(request.POST.dict().items()):
        signed += name + str(value)
    expected = base64.b64encode(hmac.digest(key.encode(), signed.encode(), "sha1")).decode()
    if not same(request.headers.get(_MANDRILL, ""), expected):
        raise HookRefused(403, "signature")


def postal(request: HttpRequest, key: str, now: datetime) -> None:
    """RSA over the body with the installation's DKIM key."""
    public = load_der_public_key(base64.b64decode(key))
    if not isinstance(public, RSAPublicKey):
        raise HookRefused(403, "HOOK_POSTAL_KEY is no RSA key")
    try:
        public.verify(_signature(request, "X-Postal-Signature"), request.body, PKCS1v15(), SHA1())
    except InvalidSignature:
        raise HookRefused(403, "signature") from None


def resend(request: HttpRequest, key: str, now: datetime) -> None:
    """Svix: HMAC-SHA256 of number, time and body; one of several signatures must fit."""
    number = request.headers.get("svix-id", "")
    timestamp = request.headers.get("svix-timestamp", "")
    signed = f"{number}.{timestamp}.".encode() + request.body
    secret = base64.b64decode(key.removeprefix("whsec_"))
    expected = "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
    given = request.headers.get("svix-signature", "").split()
    if not any([same(one, expected) for one in given[:10]]):
        raise HookRefused(403, "signature")
    check_age(timestamp, now)


def sendgrid(request: HttpRequest, key: str, now: datetime) -> None:
    """ECDSA over time and body."""
    public = load_der_public_key(base64.b64decode(key))
    if not isinstance(public, EllipticCurvePublicKey):
        raise HookRefused(403, "HOOK_SENDGRID_KEY is no elliptic curve key")
    timestamp = request.headers.get(_SENDGRID + "Timestamp", "")
    signed = timestamp.encode("utf-8", "replace") + request.body
    try:
        public.verify(_signature(request, _SENDGRID + "Signature"), signed, ECDSA(SHA256()))
    except InvalidSignature:
        raise HookRefused(403, "signature") from None
    check_age(timestamp, now, most=_SENDGRID_AGE)


def unisender_go(request: HttpRequest, key: str, now: datetime) -> None:
    """MD5 of the body with the key in the place of the signature."""
    given = json.loads(request.body).get("auth")
    if not isinstance(given, str) or len(given) != 32:
        raise HookRefused(403, "signature")
    signed = request.body.replace(given.encode("utf-8", "replace"), key.encode())
    expected = hashlib.md5(signed, usedforsecurity=False).hexdigest()
    if not same(given.lower(), expected):
        raise HookRefused(403, "signature")


def _signature(request: HttpRequest, header: str) -> bytes:
    try:
        return base64.b64decode(request.headers.get(header, ""), validate=True)
    except ValueError:
        raise HookRefused(403, "signature") from None
