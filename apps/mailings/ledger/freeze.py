"""Freezing an audience: recipients become deliveries, in committed chunks that can be resumed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from apps.mailings.ledger import dialect, routes, runs
from apps.mailings.ledger.bars import NO_ADDRESS, barred_by
from apps.mailings.ledger.reach import select_sql
from apps.mailings.ledger.runs import LockedRun
from apps.mailings.models import Recipient, Run

#: Rows per transaction: large enough to be quick, small enough not to hold the database.
CHUNK = 10_000
#: From so many rows on a page would feel that PostgreSQL knows nothing of them yet.
LARGE = 50_000

_INSERT = """
INSERT INTO mailings_delivery
       (run_id, recipient_id, channel, address, state, position,
        tries, crashes, code, response, left_out, changed_at)
SELECT %s, b.id, %s, COALESCE(b.address, ''),
       CASE WHEN b.bar = '' THEN 'pending' ELSE 'suppressed' END,
       CASE WHEN b.bar = ''
            THEN (SELECT COALESCE(MAX(p.position), 0) FROM mailings_delivery p WHERE p.run_id = %s)
                 + COUNT(*) FILTER (WHERE b.bar = '') OVER (ORDER BY b.id) END,
       0, 0, 0, CASE b.bar WHEN '' THEN '' WHEN 'no_address' THEN '{no_address}'
                     ELSE '{barred}' || b.bar END,
       CASE WHEN b.bar IN ('', 'no_address') THEN b.bar ELSE 'suppressed' END, %s
  FROM ({select}) AS b
 ORDER BY b.id
RETURNING recipient_id, id, left_out"""


def freeze_chunk(run: LockedRun, audience: QuerySet[Recipient], cursor_at: int) -> int | None:
    """Turn the next CHUNK of the audience into deliveries and move the watermark.

    Each goes to the first of the run's channels on which the recipient has an address that may be
    written to.
    Returns the new watermark, or None when the whole audience is frozen.
    """
    rows_left = audience.filter(pk__gt=cursor_at).order_by("pk")
    select, params = select_sql(rows_left, run.owner_id, run.channel, most=CHUNK)
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT.format(select=select, no_address=NO_ADDRESS, barred=barred_by("")),
            [run.id, run.channel, run.id, dialect.time_value(run.now), *params],
        )
        rows = cursor.fetchall()
    if not rows:
        return None
    barred = {delivery_id: reason for _, delivery_id, reason in rows if reason}
    routes.count_in(run, len(rows))
    moved = routes.fall_back(run, list(barred), state="suppressed")
    for_good = Counter(reason for one, reason in barred.items() if one not in moved)
    runs.tally(run, {"pending": len(rows) - for_good.total()})
    runs.leave_out(run, for_good)
    mark: int = max(recipient_id for recipient_id, _, _ in rows)
    runs.write_counts(run)
    Run.objects.filter(pk=run.id).update(freeze_cursor=mark, audience=run.audience)
    return mark


def close_freeze(run: LockedRun, now: datetime) -> None:
    """The audience is whole: from here on the equation is checked by the database."""
    Run.objects.filter(pk=run.id).update(
        frozen_at=now, state=Run.State.QUEUED, queued_at=now, last_progress_at=now
    )
    run.frozen, run.state = True, Run.State.QUEUED


def analyze_deliveries(run: LockedRun) -> None:
    """After a large freeze PostgreSQL must know how the table is filled, or pages sort it all."""
    if dialect.on_postgresql() and run.audience >= LARGE:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE mailings_delivery")
