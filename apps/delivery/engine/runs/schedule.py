"""A mailing before its start: scheduled, or held as a draft, or closed without being sent."""

from __future__ import annotations

import structlog
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.mailings.ledger import dialect
from apps.mailings.models import Mailing
from apps.mailings.recurrence import tolerance

log = structlog.get_logger(__name__)


class StartPassed(Refused):
    """The start of a draft has passed: scheduled now, it would be sent at once."""

    code = "start_passed"


class WaitsAlready(Refused):
    """The mailing is a draft already, or is scheduled already."""

    code = "wrong_state"


def unschedule(mailing_id: int) -> bool:
    """Make a scheduled mailing a draft. False: it has been launched. Raises WaitsAlready."""
    mailing = _before_launch(mailing_id)
    if mailing is None:
        return False
    if not _created(mailing_id).filter(scheduled_at__isnull=False).update(scheduled_at=None):
        raise WaitsAlready(_("This mailing is a draft already."))
    log.info("mailing_held", mailing_id=mailing_id)
    return True


def schedule(mailing_id: int) -> bool:
    """Schedule a draft. False: it has been launched.

    Raises WaitsAlready, and StartPassed when that would send it at once.
    """
    mailing = _before_launch(mailing_id)
    if mailing is None:
        return False
    now = dialect.database_now()
    if mailing.is_draft and mailing.starts_at <= now:
        raise StartPassed(_("The start time has passed. Set another time or send now."))
    if not _created(mailing_id).filter(scheduled_at__isnull=True).update(scheduled_at=now):
        raise WaitsAlready(_("This mailing is scheduled already."))
    log.info("mailing_scheduled", mailing_id=mailing_id)
    return True


def renew_misfire_grace(mailing_id: int) -> None:
    """Keep a mailout due whose start was refused just now: it is tried until its end.

    Its programs were promised so (docs/api-compatibility.md). Without this it would count as missed
    after the tolerance, as one does whose start passed while nothing ran.
    """
    now = dialect.database_now()
    refused = _created(mailing_id).filter(message__for_mailout=True, repeat="")
    refused.filter(scheduled_at__lt=now - tolerance() / 2).update(scheduled_at=now)


def close(mailing_id: int) -> bool:
    """Close a mailing that was not launched, for good. False: it has been."""
    closed = _created(mailing_id).update(status=Mailing.Status.COMPLETED, scheduled_at=None)
    if closed:
        log.info("mailing_closed", mailing_id=mailing_id)
    return bool(closed)


def reopen(mailing_id: int) -> bool:
    """Make a mailing that was closed before its launch a draft. False: it was launched."""
    rows = Mailing.objects.filter(pk=mailing_id, status=Mailing.Status.COMPLETED)
    mailing = rows.first()
    if mailing is None or mailing.runs.filter(number=mailing.current_run).exists():
        return False
    return bool(rows.update(status=Mailing.Status.CREATED, scheduled_at=None))


def _created(mailing_id: int) -> QuerySet[Mailing]:
    rows = Mailing.objects.filter(pk=mailing_id, archived_at__isnull=True)
    return rows.filter(status=Mailing.Status.CREATED)


def _before_launch(mailing_id: int) -> Mailing | None:
    return _created(mailing_id).first()
