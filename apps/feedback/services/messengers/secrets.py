"""The secrets of webhooks: nobody has to invent or store them."""

from __future__ import annotations

import base64
import hmac

from django.conf import settings
from django.utils.crypto import constant_time_compare

from apps.feedback.services.messengers.kinds import accounts_of


def path_secret(kind: str, account: str) -> str:
    """The secret part of the address that the messenger calls for this bot."""
    return _derived(kind, b"path", account, settings.SECRET_KEY)


def call_secret(kind: str, account: str) -> str:
    """What the messenger says in every call, in a header or in its body."""
    return _derived(kind, b"header", account, settings.SECRET_KEY)


def is_call_secret(given: str, kind: str, account: str) -> bool:
    """True if this is the secret given to the messenger, under the present key or the last."""
    return _is_derived(given, kind, b"header", account)


def account_at(kind: str, secret: str) -> str | None:
    """The bot whose address this is. All are compared, whichever it is."""
    found = [one for one in accounts_of(kind) if _is_derived(secret, kind, b"path", one)]
    return found[0] if found else None


def _is_derived(given: str, kind: str, purpose: bytes, account: str) -> bool:
    roots = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    made = (_derived(kind, purpose, account, root) for root in roots)
    return any(constant_time_compare(given, one) for one in made)


def _derived(kind: str, purpose: bytes, account: str, root: str) -> str:
    text = f"vestnik.{kind}.".encode() + purpose + b":" + account.encode()
    raw = hmac.digest(root.encode(), text, "sha256")
    if kind == "vk":  # takes up to fifty letters and digits
        return raw.hex()[:40]
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
