"""The secrets of two-step sign-in, sealed before they go into the database.

A copy of the database without ``.env`` opens nobody's account.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Final

import structlog
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

_PURPOSE: Final = b"vestnik.users.second_factor:"
log = structlog.get_logger(__name__)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Allauth's own, with secrets that are sealed by keys derived from ``SECRET_KEY``."""

    def encrypt(self, text: str) -> str:
        return _keys().encrypt(text.encode()).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        """The secret; nothing, which no code fits, when the key of then is not known any more."""
        try:
            return _keys().decrypt(encrypted_text).decode()
        except InvalidToken:
            log.error("second_factor_unreadable")
            return ""


def _keys() -> MultiFernet:
    return fernet([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])


def fernet(secrets: Iterable[str]) -> MultiFernet:
    """Seals with the first of these keys, opens with any of them."""
    digests = (hashlib.sha256(_PURPOSE + secret.encode()).digest() for secret in secrets)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
