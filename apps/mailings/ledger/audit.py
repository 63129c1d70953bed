"""Audit rows: what a person did to a whole mailing. They are history and never count as a try."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from apps.mailings.ledger import dialect
from apps.mailings.models import Mailing, Run

_COLUMNS = (
    'INSERT INTO mailings_attempt (mailing_id, recipient_id, delivery_id, run_number, "trigger",'
    " kind, status, account, code, response, seconds, created_at)"
)


def write_audit(mailing: Mailing, *, number: int, words: str, now: datetime) -> int:
    """One row for everybody whom the run concerns, or would have. Returns how many.

    In one statement; a run that has nobody yet is audited by the mailing's audience.
    """
    fixed = [mailing.pk, number, mailing.account, words[:500], dialect.time_value(now)]
    select = (
        "SELECT %s, {recipient}, {delivery}, %s, 'manual', 'audit', 'success', %s, 0, %s, 0, %s"
    )
    run = Run.objects.filter(mailing=mailing, number=number).defer("content").first()
    with connection.cursor() as cursor:
        if run is not None and run.frozen_at is not None and run.audience:
            sql = select.format(recipient="d.recipient_id", delivery="d.id")
            params = [*fixed, run.pk]
            cursor.execute(f"{_COLUMNS} {sql} FROM mailings_delivery d WHERE d.run_id = %s", params)
        else:
            query = mailing.audience().order_by().values("id").query
            audience, found = query.get_compiler(connection=connection).as_sql()
            sql = select.format(recipient="a.id", delivery="NULL")
            cursor.execute(f"{_COLUMNS} {sql} FROM ({audience}) AS a", [*fixed, *found])
        return int(cursor.rowcount)
