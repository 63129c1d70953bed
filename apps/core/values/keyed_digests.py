"""Digests under a key of the installation: the same text is known again, and not what it was."""

from __future__ import annotations

import hmac
from functools import lru_cache

from django.conf import settings


def keyed_digest(purpose: bytes, text: str) -> str:
    """The digest of a text for this purpose and no other, under SECRET_KEY; 64 hex digits."""
    return hmac.digest(_key(settings.SECRET_KEY, purpose), text.encode(), "sha256").hex()


@lru_cache(maxsize=16)
def _key(secret: str, purpose: bytes) -> bytes:
    return hmac.digest(secret.encode(), purpose, "sha256")
