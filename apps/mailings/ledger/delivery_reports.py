"""Delivery reports: what a report, a bounce or a reader says later of a sent delivery."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from django.db import connection

from apps.core.responses.stored import NOTHING, Response, coded
from apps.mailings.ledger import dialect, runs
from apps.mailings.ledger.audit import audit_rows
from apps.mailings.ledger.runs import LockedRun

#: The transitions that a report can make. What is final stays; what was unknown is known.
_FROM: Final = {
    "sent": ("unknown",),
    "delivered": ("sent", "unknown"),
    "bounced": ("sent", "unknown"),
}


class Effect(StrEnum):
    """The effect of the report."""

    MOVED = "moved"
    EARLY = "early"  # the worker has not recorded the reply yet: report it again in a moment
    NONE = "none"  # it was known, or a later state stands


def apply(
    run: LockedRun,
    delivery_id: int,
    state: str,
    *,
    by: str,
    code: int = 0,
    response: Response = NOTHING,
) -> Effect:
    """Move a delivery of this run to ``sent``, ``delivered`` or ``bounced`` if it may go there.

    Each step is one conditional UPDATE; counters and the outcome of a closed run follow. A refusal
    leaves its ``code`` and ``response`` on the delivery. ``by`` names the source: where nobody knew
    what had become of the letter, an audit row says who did.
    """
    for old in _FROM[state]:
        moved = _move(run, delivery_id, old, state, (code, response))
        if moved is not None:
            runs.move(run, {old: -1, state: 1})
            runs.recompute_outcome(run)
            if old == "unknown":
                audit_rows(
                    run, [moved], coded("decided", "unknown", state, by), trigger=run.trigger
                )
            return Effect.MOVED
    return Effect.EARLY if _is_being_sent(run, delivery_id) else Effect.NONE


def _move(
    run: LockedRun, delivery_id: int, old: str, new: str, reply: tuple[int, Response]
) -> tuple[int, int] | None:
    reply_columns, values = ("code = %s, response = %s, ", reply) if new == "bounced" else ("", ())
    now = dialect.time_value(run.now)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE mailings_delivery SET {reply_columns}state = %s, changed_at = %s,"
            " sent_at = COALESCE(sent_at, %s)"
            " WHERE id = %s AND run_id = %s AND state = %s RETURNING id, recipient_id",
            [*values, new, now, now, delivery_id, run.id, old],
        )
        moved: tuple[int, int] | None = cursor.fetchone()
    return moved


def _is_being_sent(run: LockedRun, delivery_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM mailings_delivery WHERE id = %s AND run_id = %s AND state = 'sending'",
            [delivery_id, run.id],
        )
        return cursor.fetchone() is not None
