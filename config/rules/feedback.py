"""The keys of ``.env`` for what comes back: what each may hold."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Final

_SECRET = re.compile(r"[A-Za-z0-9_-]{24,200}")
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}")
_ADDRESS = re.compile(r"([A-Za-z0-9._-]{1,20})@[A-Za-z0-9.-]+")


def hook_secret(value: str) -> None:
    """Raises ValueError when it cannot stand in an address, or could be guessed."""
    if value and not _SECRET.fullmatch(value):
        raise ValueError("has 24 to 200 letters, digits, - and _")


def login(value: str) -> None:
    """Raises ValueError for what is no ``user:password``."""
    user, colon, password = value.partition(":")
    if value and not (user and colon and len(password) >= 8):
        raise ValueError("is a name, a colon and a password of at least 8 characters")


def signing_key(value: str) -> None:
    """Raises ValueError for a key that could be guessed."""
    if value and (len(value) < 16 or not value.isascii()):
        raise ValueError("has at least 16 characters, all of them ASCII")


def svix_key(value: str) -> None:
    """Raises ValueError for what is no secret of Svix: ``whsec_`` and base64."""
    signing_key(value)
    _base64(value.removeprefix("whsec_"), "is whsec_ and a key in base64")


def public_key(value: str) -> None:
    """Raises ValueError for what is no public key as the provider's page shows it."""
    _base64(value, "is a public key in base64, on one line, without BEGIN and END")


def _base64(value: str, text: str) -> None:
    try:
        b64decode(value, validate=True)
    except ValueError:
        raise ValueError(text) from None


def topics_of(value: str) -> frozenset[str]:
    """SNS topics, separated by commas. Raises ValueError."""
    found = frozenset(filter(None, (topic.strip() for topic in value.split(","))))
    if not all(_TOPIC.fullmatch(topic) for topic in found):
        raise ValueError("has topics such as arn:aws:sns:eu-west-1:123456789012:bounces")
    return found


def bounce_address(value: str) -> None:
    """Raises ValueError when no letter's own mark could stand in its local part."""
    if value and not _ADDRESS.fullmatch(value):
        raise ValueError("is a plain address with at most 20 characters before the @")


def apple_relays(value: str) -> None:
    """Raises ValueError unless it is a file whose first line begins with a range of addresses."""
    if not value:
        return
    try:
        with open(value, encoding="utf-8-sig") as lines:
            first = lines.readline()
    except (OSError, UnicodeDecodeError):
        raise ValueError("is the path of a file that can be read") from None
    try:
        ip_network(first.partition(",")[0].strip(), strict=False)
    except ValueError:
        raise ValueError("is a file with a range of addresses (192.0.2.0/28) a line") from None


#: Every key of what comes back, and what reads it.
READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "hook_secret": hook_secret,
    "hook_brevo_login": login,
    "hook_mailersend_key": signing_key,
    "hook_mailgun_key": signing_key,
    "hook_mailjet_login": login,
    "hook_mailtrap_key": signing_key,
    "hook_mandrill_key": signing_key,
    "hook_postal_key": public_key,
    "hook_postmark_login": login,
    "hook_resend_key": svix_key,
    "hook_sendgrid_key": public_key,
    "hook_sparkpost_login": login,
    "hook_unisender_go_key": signing_key,
    "hook_ses_topics": topics_of,
    "hook_generic_key": signing_key,
    "bounce_address": bounce_address,
    "tracking_apple_relays": apple_relays,
}
