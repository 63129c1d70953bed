"""Keys to the API: made, looked up, revoked. What is stored cannot open anything."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Q

from apps.core.audit.acts import Act
from apps.core.audit.log import record
from apps.users.models import ApiToken, User

log = structlog.get_logger(__name__)

#: Shows people and scanners of leaked secrets what they have found.
PREFIX: Final = "vst_"
_NOTED_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token. ``secret`` is what its owner sends; it is nowhere else from now on."""

    token: ApiToken
    secret: str


def issue(*, owner: User, name: str, scope: str, valid_for: timedelta, now: datetime) -> Issued:
    """Make a token. It ends when the password is changed, at the latest."""
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        owner=owner,
        name=name,
        scope=scope,
        digest=_digest(secret),
        created_at=now,
        expires_at=now + valid_for,
    )
    log.info("api_key_issued", user_id=owner.pk, key_id=token.pk, scope=scope)
    return Issued(token, secret)


def valid_token(secret: str, *, now: datetime) -> ApiToken | None:
    """The living token of this secret with its owner, or None. A blocked owner has none."""
    if not secret.startswith(PREFIX) or len(secret) > 100:
        return None
    found = ApiToken.objects.select_related("owner").filter(
        digest=_digest(secret), revoked_at=None, expires_at__gt=now, owner__is_active=True
    )
    return found.first()


def note_use(token: ApiToken, *, now: datetime) -> None:
    """Write down that it was used, at most once a minute."""
    stale = now - _NOTED_EVERY
    if token.last_used_at is None or token.last_used_at < stale:
        unnoted = Q(last_used_at=None) | Q(last_used_at__lt=stale)
        with transaction.atomic():
            mine = ApiToken.objects.filter(unnoted, pk=token.pk)
            if mine.update(last_used_at=now) and not _used_on(token.last_used_at, now):
                record(Act.TOKEN_USED, token)


def _used_on(before: datetime | None, now: datetime) -> bool:
    """True when it was used before on the same day: of each day one use is in the audit log."""
    return before is not None and before.date() == now.date()


def revoke(*, token: ApiToken, now: datetime) -> bool:
    """End this token at once. False when it had been revoked already."""
    ended = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now)
    if ended:
        log.info("api_key_revoked", user_id=token.owner_id, key_id=token.pk)
    return bool(ended)


def revoke_all(*, owner: User, now: datetime) -> int:
    """End all tokens of this user. Returns how many there were."""
    return ApiToken.objects.filter(owner=owner, revoked_at=None).update(revoked_at=now)


def _digest(secret: str) -> str:
    """The secrets are 32 random bytes: one round of SHA-256 is as good as many."""
    return hashlib.sha256(secret.encode()).hexdigest()
