"""What was found out about an account's server, kept so that a restart knows it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models.functions import Now

from apps.core.contracts import Learned
from apps.delivery.models import Account

log = structlog.get_logger(__name__)

#: After so long it is found out anew: servers are renewed.
_GOOD_FOR: Final = timedelta(days=30)


def known(account: str, server: str) -> Learned:
    """What is known of the account's server (host:port). Nothing, if it is another one by now."""
    rows = Account.objects.filter(name=account, server=server, learned_at__gt=Now() - _GOOD_FOR)
    found = rows.values_list("pipelining", "letters_per_connection").first()
    return Learned(*found) if found else Learned()


def keep(account: str, server: str, learned: Learned) -> None:
    """Remember it with the account."""
    Account.objects.filter(name=account).update(
        server=server,
        pipelining=learned.pipelining,
        letters_per_connection=learned.letters_per_connection,
        learned_at=Now(),
    )
    log.info(
        "server_learned",
        account=account,
        pipelining=learned.pipelining,
        letters_per_connection=learned.letters_per_connection,
    )


def is_fresh(row: Account, server: str, now: datetime) -> bool:
    """Does what stands in the row still hold?"""
    return row.server == server and row.learned_at is not None and row.learned_at > now - _GOOD_FOR
