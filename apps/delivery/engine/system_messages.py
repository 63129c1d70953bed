"""System emails, each sent once for its key.

The row is inserted before the letter leaves; of any number of processes one inserts it. What is
proven not to have left is tried again after a while. What nobody knows is not: a second report is
worse than a missing one, and a person can always ask for it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from apps.core.contracts import Outcome, Verdict
from apps.core.errors import Refused
from apps.core.responses.stored import refused
from apps.delivery.engine.direct_send import send_plain
from apps.delivery.models import SystemMessage
from apps.mailings.ledger import dialect
from apps.mailings.services.privacy.retention import Kept, of_rows

log = structlog.get_logger(__name__)

#: Proven not to have left.
_AGAIN: Final = (Verdict.UNSENT.value, Verdict.RETRY.value)
_PAUSE: Final = timedelta(minutes=10)
_MOST_TRIES: Final = 20
#: What was sent so long ago is asked for no more: its key names a day, or what is settled.
OLD: Final = Kept(
    "NOTIFICATIONS_DAYS",
    _("System emails that were sent, without their text (0: for ever)"),
    *of_rows(lambda limit: SystemMessage.objects.filter(claimed_at__lt=limit)),
)


def send_once(
    key: str, *, account: str, address: str, subject: str, text: str, owner_id: int = 0
) -> str:
    """Send the email unless it was sent. Return the last try's verdict; empty: unknown."""
    tries = _claim(key, account)
    if tries is None:
        return SystemMessage.objects.values_list("verdict", flat=True).get(key=key)
    try:
        outcome = send_plain(
            account=account, address=address, subject=subject, text=text, owner_id=owner_id
        )
    except Refused as refusal:
        outcome = Outcome(0, Verdict.UNSENT, response=refused(refusal))
    verdict, response = outcome.verdict.value, outcome.response
    SystemMessage.objects.filter(key=key, tries=tries).update(verdict=verdict, response=response)
    write = log.info if outcome.verdict is Verdict.SENT else log.error
    write("system_message", key=key, account=account, verdict=verdict, response=response)
    return verdict


def _claim(key: str, account: str) -> int | None:
    """The number of the try that is ours to make; None: there is none to make."""
    now = dialect.database_now()
    row, created = SystemMessage.objects.get_or_create(
        key=key, defaults={"account": account, "claimed_at": now}
    )
    if created:
        return 1
    waiting = SystemMessage.objects.filter(
        pk=row.pk, verdict__in=_AGAIN, tries=row.tries, claimed_at__lte=now - _PAUSE
    )
    if row.tries >= _MOST_TRIES:
        return None
    mine = waiting.update(verdict="", tries=F("tries") + 1, account=account, claimed_at=now)
    return row.tries + 1 if mine else None
