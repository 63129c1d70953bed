"""The addresses to which services report: made of the installation's key, stored nowhere."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable

from django.conf import settings
from django.utils.crypto import constant_time_compare


def report_url(kind: str, account: str) -> str:
    """Where a service reports to; empty where it could not reach us safely."""
    if not settings.SITE_URL.startswith("https://"):
        return ""
    secret = _secret(kind, account, settings.SECRET_KEY)
    return f"{settings.SITE_URL.rstrip('/')}/hooks/{kind}/{secret}/"


def account_at(kind: str, secret: str, accounts: Iterable[str]) -> str | None:
    """Whose address it is, under the present key or the last. All are compared."""
    roots = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    found = [
        account
        for account in accounts
        for root in roots
        if constant_time_compare(secret, _secret(kind, account, root))
    ]
    return found[0] if found else None


def _secret(kind: str, account: str, root: str) -> str:
    text = f"vestnik.{kind}.report:{account}".encode()
    return base64.urlsafe_b64encode(hmac.digest(root.encode(), text, "sha256")).decode()[:40]
