"""The status of a mailing, changed manually: it really moves, and each delivery is noted."""

from __future__ import annotations

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.responses.stored import coded
from apps.delivery.engine.runs import control, schedule
from apps.delivery.engine.runs.launch import MailingUnknown, launch
from apps.mailings.ledger import dialect
from apps.mailings.ledger.audit import write_audit
from apps.mailings.models import Mailing, Trigger

log = structlog.get_logger(__name__)


def change_status(*, mailing_id: int, status: str, actor: str) -> int:
    """Running launches, Completed stops and closes, Created opens the next run.

    One that was not launched yet is closed without being sent; opened again it is a draft.

    Returns how many audit rows were written. Raises what launch, stop and reset raise.
    """
    mailing = Mailing.objects.filter(pk=mailing_id, archived_at__isnull=True).first()
    if mailing is None:
        raise MailingUnknown(_("There is no mailing (id:%(id)s).") % {"id": mailing_id})
    old = mailing.status
    if old == status:
        return 0
    if status == Mailing.Status.RUNNING:
        launch(mailing_id=mailing_id, trigger=Trigger.MANUAL, early=True)
    elif status == Mailing.Status.COMPLETED:
        if not schedule.close(mailing_id):
            control.stop(mailing_id)
    elif not schedule.reopen(mailing_id):
        control.reset(mailing_id)
    response = coded("status_changed", old, status, actor)
    with transaction.atomic():
        count = write_audit(
            mailing, number=mailing.current_run, response=response, now=dialect.database_now()
        )
    log.info("status_changed", mailing_id=mailing_id, old=old, new=status, rows=count)
    return count
