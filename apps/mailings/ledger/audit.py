"""Audit rows: what changed a state beside sending. They are history and never count as a try."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from apps.core.responses.stored import Response
from apps.mailings.ledger import dialect
from apps.mailings.ledger.runs import LockedRun
from apps.mailings.models import Attempt, Mailing, Recipient, Run

_COLUMNS = (
    'INSERT INTO mailings_attempt (mailing_id, recipient_id, delivery_id, run_number, "trigger",'
    " kind, status, account, code, response, seconds, created_at)"
)


def write_audit(
    mailing: Mailing,
    audience: QuerySet[Recipient],
    *,
    number: int,
    response: Response,
    now: datetime,
) -> int:
    """Add an audit row per recipient of the run, present or possible. Return how many.

    In one statement; a run that has nobody yet is audited by the mailing's ``audience``.
    """
    fixed = [mailing.pk, number, mailing.account, response, dialect.time_value(now)]
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
            query = audience.order_by().values("id").query
            possible, found = query.get_compiler(connection=connection).as_sql()
            sql = select.format(recipient="a.id", delivery="NULL")
            cursor.execute(f"{_COLUMNS} {sql} FROM ({possible}) AS a", [*fixed, *found])
        return int(cursor.rowcount)


def audit_rows(
    run: LockedRun, rows: Iterable[tuple[int, int]], response: Response, *, trigger: str
) -> None:
    """One row for each of these (delivery, recipient) of a run, which say who decided what."""
    Attempt.objects.bulk_create(
        Attempt(
            mailing_id=run.mailing_id,
            recipient_id=recipient_id,
            delivery_id=delivery_id,
            run_number=run.number,
            trigger=trigger,
            kind=Attempt.Kind.AUDIT,
            status=Attempt.Status.SUCCESS,
            account=run.account,
            response=response,
            created_at=run.now,
        )
        for delivery_id, recipient_id in rows
    )
