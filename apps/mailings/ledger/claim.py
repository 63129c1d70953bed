"""Claiming: deliveries become this worker's own, durably, before a byte of them leaves."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from apps.core.contracts import Claimed
from apps.mailings.fields import BASIC, template_fields
from apps.mailings.ledger import dialect
from apps.mailings.ledger.runs import LockedRun

_SELECT = """
SELECT d.id, d.recipient_id, d.address, d.tries, c.full_name, c.email, c.phone, c.comment,
       c.time_zone, c.attributes, c.archived_at, s.reason
  FROM mailings_delivery d
  JOIN mailings_recipient c ON c.id = d.recipient_id
  LEFT JOIN mailings_suppression s
    ON s.owner_id = c.owner_id AND s.channel = d.channel AND s.address = d.address
 WHERE d.run_id = %s AND d.state = 'pending'"""

#: A keyset over the never-tried (without its lower bound the claim would be quadratic), and the
#: returned ones by the time they are due.
_FRESH = _SELECT + " AND d.not_before IS NULL AND d.id > %s ORDER BY d.id LIMIT %s"
_DUE = _SELECT + " AND d.not_before <= %s ORDER BY d.not_before, d.id LIMIT %s"

#: The rows are locked by their SELECT (SQLite: by BEGIN IMMEDIATE). ``state || ''`` keeps the
#: planner off the index by state: on a table that was just filled it takes "pending" for rare.
_TAKE = (
    "UPDATE mailings_delivery SET state = 'sending', token = %s, not_before = NULL, changed_at = %s"
    " WHERE id IN (SELECT value FROM json_each(%s)) AND state = 'pending'"
)
_TAKE_AT_ONCE = """
WITH chosen AS MATERIALIZED ({chosen}),
     taken AS (UPDATE mailings_delivery
                  SET state = 'sending', token = %s, not_before = NULL, changed_at = %s
                 FROM chosen
                WHERE mailings_delivery.id = chosen.id AND mailings_delivery.state || '' = 'pending'
                  AND chosen.reason IS NULL AND chosen.archived_at IS NULL)
SELECT * FROM chosen"""


@dataclass(slots=True)
class Claim:
    """What one claim brought: letters to write, and how many turned out to be suppressed."""

    claimed: list[Claimed] = field(default_factory=list)
    last_id: int = 0
    suppressed: int = 0


def claim(run: LockedRun, *, token: int, limit: int, after: int) -> Claim:
    """Take up to ``limit`` pending deliveries for the worker whose epoch is ``token``.

    ``after``: the highest fresh id this worker has seen. Who is suppressed or archived by now is
    not sent to. The caller adds the numbers to the run's counters.
    """
    rows = _taken(_FRESH, [run.id, after, limit], token, run.now)
    last_id = rows[-1][0] if rows else after
    if len(rows) < limit:
        due = [run.id, dialect.time_value(run.now), limit - len(rows)]
        rows += _taken(_DUE, due, token, run.now)
    result = Claim(last_id=last_id)
    for row in rows:
        if _bars(row):
            _suppress(row[0], _bars(row), run.now)
            result.suppressed += 1
        else:
            result.claimed.append(_claimed(row))
    return result


def next_due(run_id: int) -> datetime | None:
    """When the earliest returned delivery of the run may be tried again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(not_before) FROM mailings_delivery"
            " WHERE run_id = %s AND state = 'pending' AND not_before IS NOT NULL",
            [run_id],
        )
        return dialect.as_time(cursor.fetchone()[0])


def _taken(sql: str, params: list[Any], token: int, now: datetime) -> list[tuple[Any, ...]]:
    """Read the next rows and take those that may be sent to: at once where the database can."""
    at = dialect.time_value(now)
    with connection.cursor() as cursor:
        if dialect.on_postgresql():
            chosen = _TAKE_AT_ONCE.format(chosen=sql + dialect.skip_locked("d"))
            name = "vestnik_claim_fresh" if sql is _FRESH else "vestnik_claim_due"
            dialect.execute(cursor, name, chosen, [*params, token, at])
        else:
            cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        if not dialect.on_postgresql():
            ids = [row[0] for row in rows if not _bars(row)]
            cursor.execute(_TAKE, [token, at, dialect.ids_value(ids)])
    return rows


def _bars(row: tuple[Any, ...]) -> str:
    """Why this recipient must not be written to; empty when nothing bars it."""
    return row[11] or ("archived" if row[10] is not None else "")


def _claimed(row: tuple[Any, ...]) -> Claimed:
    attributes = {} if row[9] == "{}" else json.loads(row[9])
    return Claimed(
        delivery_id=row[0],
        recipient_id=row[1],
        address=row[2],
        attempt=row[3] + 1,
        fields=template_fields(dict(zip(BASIC, row[4:9], strict=True)), attributes),
    )


def _suppress(delivery_id: int, reason: str, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mailings_delivery SET state = 'suppressed', response = %s, changed_at = %s"
            " WHERE id = %s AND state = 'pending'",
            [reason, dialect.time_value(now), delivery_id],
        )
