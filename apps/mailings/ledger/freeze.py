"""Freezing an audience: recipients become deliveries, in committed chunks that can be resumed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet

from apps.mailings.ledger import dialect
from apps.mailings.ledger.runs import LockedRun
from apps.mailings.models import Channel, Recipient, Run

#: Rows per transaction: large enough to be quick, small enough not to hold the database.
CHUNK = 10_000
#: From so many rows on a page would feel that PostgreSQL knows nothing of them yet.
LARGE = 50_000

#: The field of a recipient that a channel writes to.
ADDRESS = {
    Channel.EMAIL.value: "email",
    Channel.PHONE.value: "phone",
    Channel.TELEGRAM.value: "telegram_chat_id",
}

_INSERT = """
INSERT INTO mailings_delivery
       (run_id, recipient_id, channel, address, state, tries, crashes, code, response, changed_at)
SELECT %s, a.id, %s, COALESCE(CAST(a.address AS varchar(254)), ''),
       CASE WHEN a.address IS NULL OR s.id IS NOT NULL THEN 'suppressed' ELSE 'pending' END,
       0, 0, 0,
       CASE WHEN a.address IS NULL THEN 'no_address' ELSE COALESCE(s.reason, '') END, %s
  FROM ({audience}) AS a
  LEFT JOIN mailings_suppression s
    ON s.owner_id = %s AND s.channel = %s AND s.address = CAST(a.address AS varchar(254))
 ORDER BY a.id
RETURNING recipient_id, state"""


def freeze_chunk(run: LockedRun, audience: QuerySet[Recipient], cursor_at: int) -> int | None:
    """Turn the next CHUNK of the audience into deliveries and move the watermark.

    Returns the new watermark, or None when the whole audience is frozen.
    """
    sql, params = _chunk_sql(audience, ADDRESS[run.channel], cursor_at)
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT.format(audience=sql),
            [
                run.id,
                run.channel,
                dialect.time_value(run.now),
                *params,
                run.owner_id,
                run.channel,
            ],
        )
        rows = cursor.fetchall()
    if not rows:
        return None
    waiting = sum(1 for _, state in rows if state == "pending")
    counts = run.counts
    counts["pending"] += waiting
    counts["suppressed"] += len(rows) - waiting
    mark: int = max(recipient_id for recipient_id, _ in rows)
    Run.objects.filter(pk=run.id).update(
        freeze_cursor=mark,
        pending=counts["pending"],
        suppressed=counts["suppressed"],
        audience=sum(counts.values()),
    )
    return mark


def close_freeze(run: LockedRun, now: datetime) -> None:
    """The audience is whole: from here on the equation is checked by the database."""
    Run.objects.filter(pk=run.id).update(
        frozen_at=now, state=Run.State.QUEUED, queued_at=now, last_progress_at=now
    )
    run.frozen, run.state = True, Run.State.QUEUED


def tell_planner(run: LockedRun) -> None:
    """After a large freeze PostgreSQL must know how the table is filled, or pages sort it all."""
    if dialect.on_postgresql() and sum(run.counts.values()) >= LARGE:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE mailings_delivery")


def _chunk_sql(
    audience: QuerySet[Recipient], column: str, cursor_at: int
) -> tuple[str, tuple[Any, ...]]:
    """The audience's own query, cut to one chunk: written once, in the ORM, for page and run."""
    query = (
        audience.filter(pk__gt=cursor_at)
        .order_by("pk")
        .annotate(address=F(column))
        .values("id", "address")[:CHUNK]
        .query
    )
    sql, params = query.get_compiler(connection=connection).as_sql()
    return sql, tuple(params)
