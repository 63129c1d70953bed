"""Asking providers what they still let through. What they say is counted down by reservations."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.conf import settings

from apps.core.responses.stored import NOTHING
from apps.delivery.accounts import declared, open_channel, state_row
from apps.delivery.channels.connection_errors import error_response
from apps.delivery.engine.direct_send import NoGuard
from apps.delivery.models import AccountState

log = structlog.get_logger(__name__)

#: How often a provider is asked.
EVERY = timedelta(minutes=10)


def ask_providers(now: datetime) -> None:
    """Ask for every account whose last answer is old. One process asks, the others read."""
    for name in sorted(settings.ACCOUNTS):
        row = state_row(name)
        asked = row.quota_asked_at
        if asked is not None and now - asked < EVERY:
            continue
        mine = AccountState.objects.filter(pk=row.pk, quota_asked_at=asked)
        if mine.update(quota_asked_at=now):
            _ask(row)


def _ask(row: AccountState) -> None:
    channel = open_channel(declared(row.name), NoGuard())
    try:
        quota = channel.quota()
    except OSError as error:
        # What was known stays: it is counted down, and asked for again.
        AccountState.objects.filter(pk=row.pk).update(quota_error=error_response(error))
        log.warning("quota_unknown", account=row.name, error=str(error)[:200])
        return
    finally:
        channel.close()
    if quota is not None:
        AccountState.objects.filter(pk=row.pk).update(
            quota_left=quota.left,
            quota_limit=quota.limit,
            quota_renews_at=quota.renews_at,
            quota_error=NOTHING,
        )
