"""Claiming: deliveries become this worker's own, durably, before a byte of them leaves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, Protocol

from django.db import connection

from apps.core.contracts import Claimed
from apps.core.responses.stored import Response
from apps.mailings.fields import BASIC, template_fields
from apps.mailings.ledger import bars, dialect, runs
from apps.mailings.ledger.runs import (
    LockedRun,
    advance_position,
    counts_values,
    tally,
    write_counts,
    write_counts_after,
)
from apps.mailings.models.audience import ADDRESS
from apps.mailings.models.ledger import LeftOut

#: Whom so many workers died with is claimed one at a time: if a message is the cause, it must not
#: take a whole group with it when it is given up.
SUSPECT = 2


class ClaimRow(Protocol):
    """One delivery as it is claimed; beside these it has every field that a template may show."""

    id: int
    recipient_id: int
    address: str
    tries: int
    attributes: str
    archived_at: datetime | None
    reason: str | None
    left_out: str


_COLUMNS = {
    "id": "d.id",
    "recipient_id": "d.recipient_id",
    "address": "d.address",
    "tries": "d.tries",
    "attributes": "c.attributes",
    "archived_at": "c.archived_at",
    "reason": "s.reason",
    "left_out": """
       CASE WHEN c.paused_until > %s THEN 'paused' WHEN s.reason IS NOT NULL THEN 'suppressed'
            WHEN c.archived_at IS NOT NULL
              OR COALESCE(CAST(c.{address} AS varchar(254)), '') <> d.address THEN 'gone'
            ELSE '' END AS left_out""",
    **{name: f"c.{name}" for name in BASIC},
}
_claim_row: Callable[[Iterable[Any]], ClaimRow] = dialect.named_rows("ClaimRow", _COLUMNS)
_basic: Callable[[ClaimRow], tuple[str | None, ...]] = attrgetter(*BASIC)

#: ``{address}``: the recipient's column of the channel; the suppressed ones have their reason.
_SELECT = f"""
SELECT {", ".join(_COLUMNS.values())}
  FROM mailings_delivery d
  JOIN mailings_recipient c ON c.id = d.recipient_id
  LEFT JOIN mailings_suppression s
    ON s.owner_id = c.owner_id AND s.channel = d.channel AND s.address = d.address
 WHERE d.run_id = %s AND d.state = 'pending' AND d.channel = %s"""

#: The never-tried by their positions beyond the run's cursor, and the returned ones by the time
#: they are due.
_ROADS = {
    "fresh": """
   AND d.not_before IS NULL AND d.position > %s AND d.position <= %s ORDER BY d.position""",
    "due": f""" AND d.not_before <= %s
   AND (d.crashes < {SUSPECT} OR d.id = (
       SELECT min(x.id) FROM mailings_delivery x WHERE x.run_id = %s AND x.state = 'pending'
          AND x.channel = d.channel AND x.not_before <= %s AND x.crashes >= {SUSPECT}))
 ORDER BY d.not_before, d.id LIMIT %s""",
}

#: The rows are locked by their SELECT (SQLite: by BEGIN IMMEDIATE).
_TAKE = (
    "UPDATE mailings_delivery SET state = 'sending', token = %s, content_version = %s,"
    " not_before = NULL, changed_at = %s"
    " WHERE {ids} AND state = 'pending'"
)
_TAKE_AT_ONCE = """
WITH chosen AS MATERIALIZED ({chosen}),
     taken AS (UPDATE mailings_delivery
                  SET state = 'sending', token = %s, content_version = %s, not_before = NULL,
                      changed_at = %s
                 FROM chosen
                WHERE mailings_delivery.id = chosen.id AND mailings_delivery.state = 'pending'
                  AND chosen.left_out = ''){more}
SELECT * FROM chosen"""
_FREE = "(SELECT count(*) FROM chosen WHERE left_out = '')"
_CHANGES = {"pending": f" - {_FREE}", "sending": f" + {_FREE}"}
_COUNTED = f", counted AS ({write_counts_after(_CHANGES)})"


@dataclass(slots=True)
class Claim:
    """What one claim brought: letters to write, and how many turned out to be suppressed."""

    claimed: list[Claimed] = field(default_factory=list)
    suppressed: int = 0


def claim(run: LockedRun, *, token: int, limit: int, on_first_channel: bool) -> Claim:
    """Take up to ``limit`` pending deliveries of the run's channel for the worker ``token``.

    ``on_first_channel``: the run is on the one whose deliveries have positions. Who is suppressed
    or archived by now is not sent to. The run's cursor and counters move; ``write_counts`` must
    follow.
    """
    if any(run.left_out.values()):
        write_counts(run)  # the statement that takes and counts knows no reasons
    result = Claim()
    if on_first_channel and run.claim_cursor < run.audience:
        params = [run.claim_cursor]
        advance_position(run, beyond(run, limit))
        _take(run, "fresh", [*params, run.claim_cursor], token, result)
    left = limit - len(result.claimed) - result.suppressed
    if left:
        _take(run, "due", _due_params(run, left), token, result)
    return result


@dataclass(frozen=True, slots=True)
class Due:
    """When the earliest returned delivery of a run may be tried again, and whether it ever was."""

    at: datetime
    tried: bool


def next_due(run: LockedRun) -> Due | None:
    """The earliest deferred moment on the run's channel; None when nothing is deferred."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT not_before, tries FROM mailings_delivery WHERE run_id = %s"
            " AND state = 'pending' AND channel = %s AND not_before IS NOT NULL"
            " ORDER BY not_before, id LIMIT 1",
            [run.id, run.channel],
        )
        not_before, tries = cursor.fetchone() or (None, 0)
    at = dialect.as_time(not_before)
    return Due(at, bool(tries)) if at is not None else None


def beyond(run: LockedRun, count: int) -> int:
    """The last of the next ``count`` positions, or of all."""
    return min(run.claim_cursor + count, run.audience)


def _due_params(run: LockedRun, limit: int) -> list[Any]:
    now = dialect.time_value(run.now)
    return [now, run.id, now, limit]


def _take(run: LockedRun, road: str, params: list[Any], token: int, result: Claim) -> None:
    """Read the next rows, take those that may be sent to, and count them."""
    rows = _taken(run, road, params, token)
    free = [row for row in rows if not row.left_out]
    barred = [row for row in rows if row.left_out]
    tally(run, {"pending": -len(free), "sending": len(free)})
    if road == "fresh" and dialect.on_postgresql():
        run.stored = run.standing
    for row in barred:
        leave_out(row.id, row.left_out, _response(row), run.now)
    runs.leave_out(run, Counter(row.left_out for row in barred), left="pending")
    result.claimed += map(claimed_of, free)
    result.suppressed += len(barred)


def _taken(run: LockedRun, road: str, params: list[Any], token: int) -> list[ClaimRow]:
    """The rows. PostgreSQL takes them at once, and counts those of the first road with them."""
    now = dialect.time_value(run.now)
    sql = _SELECT.format(address=ADDRESS[run.channel]) + _ROADS[road]
    params = [now, run.id, run.channel, *params]
    ours = [token, run.content_version, now]
    with connection.cursor() as cursor:
        if dialect.on_postgresql():
            counted = road == "fresh"
            whole = _TAKE_AT_ONCE.format(
                chosen=sql + dialect.skip_locked("d"), more=_COUNTED if counted else ""
            )
            ours += counts_values(run) if counted else []
            dialect.execute(cursor, f"vestnik_claim_{road}_{run.channel}", whole, [*params, *ours])
            return list(map(_claim_row, cursor.fetchall()))
        cursor.execute(sql, params)
        rows = list(map(_claim_row, cursor.fetchall()))
        free = [row.id for row in rows if not row.left_out]
        if free:
            cursor.execute(_TAKE.format(ids=dialect.any_of("id")), [*ours, dialect.ids_value(free)])
        return rows


def _response(row: ClaimRow) -> Response:
    """Why this recipient must not be written to, as it is stored beside the code."""
    if row.left_out == LeftOut.PAUSED:
        return bars.PAUSED
    if row.left_out == LeftOut.GONE:
        return bars.ARCHIVED if row.archived_at is not None else bars.MOVED
    return bars.barred_by(row.reason or "")


def claimed_of(row: ClaimRow) -> Claimed:
    attributes = {} if row.attributes == "{}" else json.loads(row.attributes)
    return Claimed(
        delivery_id=row.id,
        recipient_id=row.recipient_id,
        address=row.address,
        attempt=row.tries + 1,
        fields=template_fields(_basic(row), attributes),
    )


def leave_out(delivery_id: int, code: str, response: Response, now: datetime) -> None:
    """Leave out a pending delivery for this reason; the caller counts it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mailings_delivery SET state = 'suppressed', left_out = %s, response = %s,"
            " not_before = NULL, changed_at = %s WHERE id = %s AND state = 'pending'",
            [code, response, dialect.time_value(now), delivery_id],
        )
