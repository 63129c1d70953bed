"""Why a due mailing could not start: kept with it, so that its owner is notified."""

from __future__ import annotations

from typing import Final

import structlog
from django.utils.translation import gettext_noop as _

from apps.core.errors import Refused
from apps.core.text.formatting import facts_of, refusal
from apps.mailings.ledger import dialect
from apps.mailings.models import Mailing

log = structlog.get_logger(__name__)

_BROKE: Final = _("An error stopped the start. It has been logged; ask an administrator.")


class LaunchBroke(Refused):
    """A defect met this mailing's start; it is in the log."""

    code = "launch_broke"


def keep_refusal(mailing_id: int, refused: Refused) -> None:
    """Keep with a due mailing why it could not start; a change is logged."""
    now, facts = dialect.database_now(), facts_of(refused)
    due = Mailing.objects.filter(
        pk=mailing_id, status=Mailing.Status.CREATED, starts_at__lte=now, ends_at__gt=now
    )
    if due.exclude(start_refusal=facts).update(start_refusal=facts):
        log.warning("due_mailing_refused", mailing_id=mailing_id, code=refused.code)


def keep_defect(mailing_id: int) -> None:
    """Log what an unforeseen error stopped, and keep with the mailing that it could not start."""
    log.exception("launch_broke", mailing_id=mailing_id)
    keep_refusal(mailing_id, refusal(LaunchBroke, _BROKE))
