"""Recording: results become states and attempts, only while the worker's token still holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from django.db import connection

from apps.core.contracts import Outcome, Verdict
from apps.core.responses.stored import NOTHING, Response
from apps.mailings.ledger import dialect, reputation, sending_pauses
from apps.mailings.ledger.runs import LockedRun
from apps.mailings.models import Attempt, Channel, Delivery, Run, Suppression
from apps.mailings.suppression import suppressing
from apps.mailings.suppression.suppressing import Blocked


@dataclass(frozen=True, slots=True)
class Settled:
    """What is to be written about one delivery. ``attempt`` is '' when nothing was tried.

    ``gone``: its address takes nothing from us any more.
    """

    delivery_id: int
    recipient_id: int
    state: str
    attempt: str = ""
    code: int = 0
    response: Response = NOTHING
    seconds: float = 0.0
    not_before: datetime | None = None
    gone: bool = False


_MOVE_COLUMNS = {
    "id": "bigint",
    "state": "text",
    "tried": "int",
    "code": "int",
    "response": "text",
    "not_before": "time",
}
_ATTEMPT_COLUMNS = {
    "delivery_id": "bigint",
    "recipient_id": "bigint",
    "status": "text",
    "code": "int",
    "response": "text",
    "seconds": "real",
}

_SETTLE_AT_ONCE = """
WITH o AS MATERIALIZED (
       SELECT (value->>0)::bigint AS id, (value->>1)::bigint AS recipient_id, value->>2 AS state,
              value->>3 AS attempt, (value->>4)::int AS code, value->>5 AS response,
              (value->>6)::float8 AS seconds, (value->>7)::timestamptz AS not_before
         FROM jsonb_array_elements(%s::jsonb)),
     moved AS (
       UPDATE mailings_delivery AS d
          SET state = o.state, tries = d.tries + (o.attempt <> '')::int, code = o.code,
              response = o.response, not_before = o.not_before, changed_at = %s,
              sent_at = CASE WHEN o.state IN ('sent', 'unknown') THEN %s ELSE d.sent_at END
         FROM o
        WHERE d.id = o.id AND d.token = %s AND d.state = 'sending'
       RETURNING d.id),
     tried AS (
       INSERT INTO mailings_attempt (mailing_id, recipient_id, delivery_id, run_number, "trigger",
                                     kind, status, account, code, response, seconds, created_at)
       SELECT %s, o.recipient_id, o.id, %s, %s, 'delivery', o.attempt, %s, o.code, o.response,
              o.seconds, %s
         FROM o JOIN moved ON moved.id = o.id
        WHERE o.attempt <> '')
SELECT id FROM moved"""


def record(
    run: LockedRun, settled: Sequence[Settled], *, token: int, account: str
) -> dict[str, int]:
    """Leave ``sending`` for the settled states, and write the attempts of those that were ours.

    A delivery that somebody newer holds, or that is no longer ``sending``, is left alone. Returns
    the change of the run's counters. ``account`` is the one that handed them over.
    """
    if not settled:
        return {}
    moved = _settle(run, settled, token, account)
    _suppress_gone(run, [item.delivery_id for item in settled if item.gone], moved, account)
    deltas = Counter(item.state for item in settled if item.delivery_id in moved)
    deltas["sending"] -= len(moved)
    return deltas


def _settle(run: LockedRun, settled: Sequence[Settled], token: int, account: str) -> set[int]:
    """States and attempts; on PostgreSQL in one statement, which saves a round trip per cycle."""
    if not dialect.on_postgresql():
        moved = _move(settled, token=token, now=run.now, frm="sending")
        tried = [item for item in settled if item.attempt and item.delivery_id in moved]
        write_attempts(run, tried, account=account)
        return moved
    now = dialect.time_value(run.now)
    rows = dialect.recordset_value([_row(item) for item in settled])
    attempt = [run.mailing_id, run.number, run.trigger, account, now]
    with connection.cursor() as cursor:
        params = [rows, now, now, token, *attempt]
        dialect.execute(cursor, "vestnik_settle", _SETTLE_AT_ONCE, params)
        return {delivery_id for (delivery_id,) in cursor.fetchall()}


def record_late(
    run: LockedRun, settled: Sequence[Settled], *, token: int, account: str
) -> dict[str, int]:
    """Results of a worker that has been fenced. They resolve its unknowns and are never dropped.

    A state that somebody newer wrote stands; the attempt is kept beside it. What stands in the
    ledger as this worker's own result (from its journal, or a commit whose reply was lost) is
    not recorded a second time.
    """
    recorded = _already_recorded([item.delivery_id for item in settled], token)
    known = [
        item
        for item in settled
        if item.attempt in ("success", "failure") and (item.delivery_id, item.state) not in recorded
    ]
    moved = _move(
        [item for item in known if item.state in ("sent", "failed")],
        token=token,
        now=run.now,
        frm="unknown",
    )
    write_attempts(run, known, account=account)
    _suppress_gone(run, [item.delivery_id for item in known if item.gone], moved, account)
    deltas = Counter(item.state for item in known if item.delivery_id in moved)
    deltas["unknown"] -= len(moved)
    return deltas


def last_refusals(run: Run, *, at_most: int) -> list[Outcome]:
    """The permanent refusals that came last in the run, newest first, none accepted since."""
    rows = Attempt.objects.filter(
        mailing_id=run.mailing_id, run_number=run.number, kind=Attempt.Kind.DELIVERY
    )
    newest = rows.order_by("-id").values("delivery_id", "status", "code", "response")
    refused = takewhile(
        lambda row: row["status"] == Attempt.Status.FAILURE and row["code"] >= 500,
        newest[:at_most],
    )
    return [
        Outcome(row["delivery_id"], Verdict.FAILED, row["code"], row["response"]) for row in refused
    ]


def _suppress_gone(run: LockedRun, gone: Sequence[int], moved: set[int], account: str) -> None:
    """Addresses that have closed themselves to us are not used by this owner again.

    They are hard bounces, too: a pause of the owner's sending counts them, and the figures of the
    account that met them.
    """
    ours = moved.intersection(gone)
    if ours:
        rows = Delivery.objects.filter(pk__in=ours).exclude(address="")
        dead = rows.filter(channel=Channel.EMAIL).count()
        sending_pauses.count(run, hard_bounces=dead)
        reputation.count_refused(run.id, account, dead, run.now)
        reason = Suppression.Reason.BOUNCED
        suppressing.suppress(
            [
                Blocked(run.owner_id, channel, address, reason)
                for channel, address in rows.values_list("channel", "address")
            ],
            actor=suppressing.BY_SERVER,
            now=run.now,
        )


def _already_recorded(ids: Sequence[int], token: int) -> set[tuple[int, str]]:
    """Those of these that the worker held last, and whose final result is recorded."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, state FROM mailings_delivery WHERE {dialect.any_of('id')}"
            " AND token = %s AND state IN ('sent', 'failed')",
            [dialect.ids_value(ids), token],
        )
        return {(delivery_id, state) for delivery_id, state in cursor.fetchall()}


def release(run: LockedRun, *, token: int) -> dict[str, int]:
    """Give back what this worker holds and has not begun, an unconfirmed claim included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mailings_delivery SET state = 'pending', not_before = %s, changed_at = %s"
            " WHERE run_id = %s AND token = %s AND state = 'sending'",
            [dialect.time_value(run.now), dialect.time_value(run.now), run.id, token],
        )
        count = cursor.rowcount
    return {"pending": count, "sending": -count}


def _move(settled: Sequence[Settled], *, token: int, now: datetime, frm: str) -> set[int]:
    if not settled:
        return set()
    rows = [
        (
            item.delivery_id,
            item.state,
            1 if item.attempt else 0,
            item.code,
            item.response,
            str(dialect.time_value(item.not_before)) if item.not_before else None,
        )
        for item in settled
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mailings_delivery SET state = o.state, tries = tries + o.tried, code = o.code,"
            " response = o.response, changed_at = %s,"
            " sent_at = CASE WHEN o.state IN ('sent', 'unknown') THEN %s ELSE sent_at END,"
            f" not_before = {dialect.from_recordset_time('o.not_before')}"
            f" FROM {dialect.recordset(_MOVE_COLUMNS)}"
            " WHERE mailings_delivery.id = o.id AND mailings_delivery.token = %s"
            " AND mailings_delivery.state = %s"
            " RETURNING mailings_delivery.id",
            [
                dialect.time_value(now),
                dialect.time_value(now),
                dialect.recordset_value(rows),
                token,
                frm,
            ],
        )
        return {delivery_id for (delivery_id,) in cursor.fetchall()}


def _row(item: Settled) -> tuple[object, ...]:
    return (
        item.delivery_id,
        item.recipient_id,
        item.state,
        item.attempt,
        item.code,
        item.response,
        round(item.seconds, 4),
        str(item.not_before) if item.not_before else None,
    )


def write_attempts(run: LockedRun, settled: Sequence[Settled], *, account: str) -> None:
    """Append one attempt per item. ``kind`` is delivery; audit rows are written elsewhere.

    ``account``: the one that handed them over; the run may be on another one by now.
    """
    if not settled:
        return
    rows = [
        (
            item.delivery_id,
            item.recipient_id,
            item.attempt,
            item.code,
            item.response,
            round(item.seconds, 4),
        )
        for item in settled
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO mailings_attempt (mailing_id, recipient_id, delivery_id, run_number,"
            ' "trigger", kind, status, account, code, response, seconds, created_at)'
            " SELECT %s, o.recipient_id, o.delivery_id, %s, %s, 'delivery', o.status, %s, o.code,"
            f" o.response, o.seconds, %s FROM {dialect.recordset(_ATTEMPT_COLUMNS)}",
            [
                run.mailing_id,
                run.number,
                run.trigger,
                account,
                dialect.time_value(run.now),
                dialect.recordset_value(rows),
            ],
        )
