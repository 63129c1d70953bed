"""Movements of many deliveries at once, and those that a person or a crash brings about."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from apps.core.responses.stored import NOTHING, Response, coded
from apps.mailings.failure_reasons import of_reasons
from apps.mailings.ledger import dialect, routes, runs
from apps.mailings.ledger.audit import audit_rows
from apps.mailings.ledger.claim import beyond
from apps.mailings.ledger.record import Settled, write_attempts
from apps.mailings.ledger.runs import LockedRun
from apps.mailings.models import Delivery

#: Rows per transaction when a whole run is closed early.
CHUNK = 10_000

#: After so many workers that died before anything of theirs was accepted, a delivery that all of
#: them held is taken for the cause (as Mailman does). Workers killed in full flight do not count.
POISON = 3


@dataclass(frozen=True, slots=True)
class Held:
    """One delivery that a dead worker held."""

    delivery_id: int
    recipient_id: int
    crashes: int
    tries: int


def close_pending(run: LockedRun, state: str, response: Response, *, channel: str = "") -> int:
    """Turn up to CHUNK pending deliveries into ``expired`` or ``cancelled``. Returns how many.

    ``channel``: only those that go over it.
    """
    values = [state, response, dialect.time_value(run.now), run.id, channel, channel]
    count = _closed("d.indexed_state = 'pending' ORDER BY d.id LIMIT %s", [*values, CHUNK])
    if not channel or routes.is_first(run, channel):
        up_to = beyond(run, CHUNK - count)
        count += _closed(
            "d.state = 'pending' AND d.not_before IS NULL AND d.position > %s AND d.position <= %s",
            [*values, run.claim_cursor, up_to],
        )
        runs.advance_position(run, up_to)
    runs.move(run, {state: count, "pending": -count})
    return count


def _closed(which: str, params: list[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mailings_delivery SET state = %s, code = 0, response = %s, not_before = NULL,"
            " changed_at = %s"
            " WHERE id IN (SELECT d.id FROM mailings_delivery d WHERE d.run_id = %s"
            f" AND (%s = '' OR d.channel = %s) AND {which})",
            params,
        )
        count: int = cursor.rowcount
        return count


def ended_in(run: LockedRun, state: str, reasons: Collection[str] | None) -> list[int]:
    """Up to CHUNK deliveries of a final state; those of these reasons, if they are named."""
    rows: QuerySet[Delivery] = Delivery.objects.filter(run_id=run.id, indexed_state=state)
    if reasons is not None:
        rows = of_reasons(rows, reasons)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNK])


def put_back(run: LockedRun, state: str, ids: Iterable[int]) -> int:
    """Give these deliveries of a final state another chance, with all their tries.

    Their attempts stay. Returns how many became pending again.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mailings_delivery SET state = 'pending', tries = 0, not_before = %s,"
            " changed_at = %s, code = 0, response = ''"
            f" WHERE run_id = %s AND indexed_state = %s AND {dialect.any_of('id')}",
            [
                dialect.time_value(run.now),
                dialect.time_value(run.now),
                run.id,
                state,
                dialect.ids_value(list(ids)),
            ],
        )
        count: int = cursor.rowcount
    runs.move(run, {"pending": count, state: -count})
    return count


def try_now(run: LockedRun) -> int:
    """Make all deferred deliveries due now. Return how many.

    It takes the place of the try that made them wait: a person's impatience neither uses up their
    tries nor makes the next wait longer.
    """
    now = dialect.time_value(run.now)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mailings_delivery SET tries = tries - 1, not_before = %s"
            " WHERE run_id = %s AND indexed_state = 'pending' AND not_before > %s AND tries > 0",
            [now, run.id, now],
        )
        return int(cursor.rowcount)


def held_by(run: LockedRun, token: int) -> list[Held]:
    """What the worker with this epoch has claimed and not recorded."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, recipient_id, crashes, tries FROM mailings_delivery"
            " WHERE run_id = %s AND token = %s AND state = 'sending' ORDER BY id",
            [run.id, token],
        )
        return [Held(*row) for row in cursor.fetchall()]


def release_dead(
    run: LockedRun,
    held: list[Held],
    *,
    account: str,
    accepted: set[int],
    in_flight: set[int] | None,
    policy: str,
) -> dict[str, int]:
    """Judge a dead worker's deliveries by its crash journal. ``account`` is the one it sent by.

    ``accepted``: the receiver accepted. ``in_flight``: the last byte may have left; None when there
    is no journal to be trusted, and then it may have left for all. The rest is proven unsent.
    Returns the change of the counters.
    """
    deltas: dict[str, int] = {}
    moved: dict[tuple[str, str, Response], list[Held]] = {}
    suspect = 0 if accepted else 1
    for item in held:
        judged = _judge(item, accepted, in_flight, policy)
        if judged[0] == "pending" and item.crashes + suspect >= POISON:
            judged = ("failed", "failure", coded("poison", POISON))
        moved.setdefault(judged, []).append(item)
    for (state, attempt, response), items in moved.items():
        _settle(run, items, state, response, suspect, tried=1 if attempt else 0)
        write_attempts(
            run,
            [
                Settled(item.delivery_id, item.recipient_id, state, attempt, response=response)
                for item in items
                if attempt
            ],
            account=account,
        )
        deltas[state] = deltas.get(state, 0) + len(items)
    deltas["sending"] = deltas.get("sending", 0) - len(held)
    return deltas


def _judge(
    item: Held, accepted: set[int], in_flight: set[int] | None, policy: str
) -> tuple[str, str, Response]:
    """State, attempt status and response for one delivery of a dead worker."""
    if item.delivery_id in accepted:
        return "sent", "success", coded("accepted_unrecorded")
    if in_flight is None or item.delivery_id in in_flight:
        state = {"hold": "unknown", "resend": "pending", "assume_sent": "sent"}[policy]
        return state, "unknown", coded("worker_died")
    return "pending", "", NOTHING


def _settle(
    run: LockedRun, items: list[Held], state: str, response: Response, suspect: int, *, tried: int
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mailings_delivery SET state = %s, code = 0, response = %s,"
            " crashes = crashes + %s, tries = tries + %s, not_before = %s, changed_at = %s,"
            " sent_at = CASE WHEN %s THEN %s ELSE sent_at END"
            f" WHERE {dialect.any_of('id')} AND state = 'sending'",
            [
                state,
                response,
                suspect,
                tried,
                dialect.time_value(run.now) if state == "pending" else None,
                dialect.time_value(run.now),
                state in ("sent", "unknown"),
                dialect.time_value(run.now),
                dialect.ids_value([item.delivery_id for item in items]),
            ],
        )
        if cursor.rowcount != len(items):
            raise RuntimeError("a dead worker's delivery moved under its run's lock")


def resolve_unknown(
    run: LockedRun, delivery_ids: Iterable[int], *, state: str, actor: str, now: datetime
) -> int:
    """A person decides about unknown deliveries: ``sent``, ``failed`` or ``pending`` (send again).

    Each leaves an audit attempt that says who decided what. Returns how many were still unknown;
    the caller moves the counters.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mailings_delivery SET state = %s, not_before = %s, changed_at = %s"
            f" WHERE run_id = %s AND {dialect.any_of('id')} AND state = 'unknown'"
            " RETURNING id, recipient_id",
            [
                state,
                dialect.time_value(now) if state == "pending" else None,
                dialect.time_value(now),
                run.id,
                dialect.ids_value(list(delivery_ids)),
            ],
        )
        rows = cursor.fetchall()
    audit_rows(run, rows, coded("decided", "unknown", state, actor), trigger="manual")
    return len(rows)
