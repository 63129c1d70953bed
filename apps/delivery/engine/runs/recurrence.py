"""Repeated mailings: when one occurrence is over, the mailing moves on to its next one."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.delivery.engine.runs import feeds
from apps.delivery.engine.runs.control import NothingToDo
from apps.mailings.ledger import dialect
from apps.mailings.models import Mailing, Run
from apps.mailings.recurrence import following

log = structlog.get_logger(__name__)


def advance_due() -> int:
    """Every repeated mailing whose occurrence is over gets its next one. Returns how many."""
    now = dialect.database_now()
    over = Q(status=Mailing.Status.COMPLETED) | Q(status=Mailing.Status.CREATED, ends_at__lte=now)
    scheduled = Mailing.objects.filter(archived_at__isnull=True, scheduled_at__isnull=False)
    rows = scheduled.filter(over).exclude(repeat="")
    return sum(_advance(pk, now) for pk in rows.values_list("pk", flat=True))


def pass_empty_feeds() -> int:
    """Move the mailings on whose feed has too little for their present start."""
    now = dialect.database_now()
    return sum(_advance(pk, now, empty=True) for pk in feeds.passing(now))


def skip(mailing_id: int) -> None:
    """Pass over the occurrence that is due or missed. Raises NothingToDo."""
    now = dialect.database_now()
    mailing = Mailing.objects.filter(pk=mailing_id, archived_at__isnull=True).first()
    if mailing is None or not mailing.repeat or mailing.status != Mailing.Status.CREATED:
        raise NothingToDo(_("There is no start to pass over."))
    if not _advance(mailing_id, now):
        raise NothingToDo(_("This is the last start of the series."))


@transaction.atomic
def _advance(mailing_id: int, now: datetime, *, empty: bool = False) -> bool:
    """Move on to the next occurrence; the conditions of the UPDATE let only one process do it.

    ``empty``: only if its feed still has too little for this one.
    """
    mailing = Mailing.objects.select_for_update().get(pk=mailing_id)
    if mailing.status == Mailing.Status.RUNNING:
        return False
    ran = Run.objects.filter(mailing_id=mailing_id, number=mailing.current_run).first()
    if ran is not None and ran.state != Run.State.DONE:
        return False
    is_ahead = ran is None and mailing.status == Mailing.Status.CREATED
    passed = is_ahead and feeds.pass_over(mailing, now)
    if empty and not passed:
        return False
    at = following(mailing, now)
    if at is None:
        return False
    if ran is None:
        log.warning("occurrence_passed", mailing_id=mailing_id, start=mailing.starts_at.isoformat())
    number = mailing.current_run + (1 if ran else 0)
    moved = Mailing.objects.filter(
        pk=mailing_id, current_run=mailing.current_run, starts_at=mailing.starts_at
    ).update(
        starts_at=at,
        ends_at=at + (mailing.ends_at - mailing.starts_at),
        repeat_from=mailing.repeat_from or mailing.starts_at,
        current_run=number,
        status=Mailing.Status.CREATED,
    )
    if moved:
        feeds.begin_anew(mailing_id)
        log.info("occurrence_set", mailing_id=mailing_id, run=number, start=at.isoformat())
    return bool(moved)
