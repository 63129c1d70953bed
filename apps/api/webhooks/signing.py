"""Secrets and signatures, by the Standard Webhooks specification 1.0 (standardwebhooks.com).

A secret is derived from the installation's SECRET_KEY and a random seed of its own, so that the
database alone, or a copy of it, can sign nothing.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils.crypto import salted_hmac

from apps.api.webhooks.models import Webhook

#: For so long after a rotation the old secret signs as well.
BOTH_SIGN: Final = timedelta(hours=24)


def secret_of(webhook: Webhook) -> str:
    """``whsec_`` and 32 bytes in Base64: what the owner is shown, once."""
    return "whsec_" + b64encode(_key(webhook.seed)).decode()


def signed(webhook: Webhook, *, call_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers that go with this body: id, timestamp, and a signature for each valid secret."""
    stamp = str(int(now.timestamp()))
    seeds = [webhook.seed]
    if webhook.old_seed and webhook.old_until is not None and now < webhook.old_until:
        seeds.append(webhook.old_seed)
    signed_bytes = f"{call_id}.{stamp}.".encode() + body
    # Until the receiver has the secret of a new SECRET_KEY, the one of before signs as well.
    keys = [_key(seed, root) for root in (None, *settings.SECRET_KEY_FALLBACKS) for seed in seeds]
    signatures = (hmac.digest(key, signed_bytes, "sha256") for key in keys)
    return {
        "webhook-id": call_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{b64encode(one).decode()}" for one in signatures),
    }


def _key(seed: str, root: str | None = None) -> bytes:
    """The secret of this seed under ``root``; under SECRET_KEY when there is none."""
    return salted_hmac("apps.api.webhooks", seed, secret=root, algorithm="sha256").digest()
