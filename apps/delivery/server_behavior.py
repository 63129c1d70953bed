"""What was found out about an account's server, kept so that a restart knows it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.core.contracts import Learned
from apps.delivery.models import AccountState

log = structlog.get_logger(__name__)

#: After so long it is found out anew: servers are renewed.
_GOOD_FOR: Final = timedelta(days=30)


def known(account: str, server: str) -> Learned:
    """What is known of the account's server (host:port). Nothing, if it is another one by now."""
    rows = AccountState.objects.filter(
        name=account, server=server, learned_at__gt=Now() - _GOOD_FOR
    )
    found = rows.values_list("pipelining", "letters_per_connection").first()
    return Learned(*found) if found else Learned()


def keep(account: str, server: str, learned: Learned) -> None:
    """Remember it with the account."""
    AccountState.objects.update_or_create(
        name=account,
        defaults={
            "server": server,
            "pipelining": learned.pipelining,
            "letters_per_connection": learned.letters_per_connection,
            "learned_at": Now(),
        },
    )
    log.info(
        "server_learned",
        account=account,
        pipelining=learned.pipelining,
        letters_per_connection=learned.letters_per_connection,
    )


def pipelining_words(setting: str, learned: str) -> str:
    """How much is written at once, and why no more, in the reader's language.

    ``setting`` is the account's PIPELINING, ``learned`` what is known of its server.
    """
    mode = setting if setting in ("envelope", "off") else learned
    labels = {
        "full": _("the next message's commands go out together with a message's end"),
        "envelope": _("the commands of one message at once"),
        "off": _("one command at a time"),
    }
    if mode == setting:
        return _("%(how)s (set in .env)") % {"how": labels[mode]}
    labels |= {
        "envelope": _("%(how)s: the server does not bear more") % {"how": labels["envelope"]},
        "off": _("%(how)s: the server does not bear more") % {"how": labels["off"]},
        "cautious": _("%(how)s: it is not known whether the server bears more")
        % {"how": labels["envelope"]},
        "none": _("%(how)s: the server offers no more") % {"how": labels["off"]},
    }
    return labels.get(mode, _("not known yet"))


def is_fresh(row: AccountState, server: str, now: datetime) -> bool:
    """True if the row's values still hold."""
    return row.server == server and row.learned_at is not None and row.learned_at > now - _GOOD_FOR
