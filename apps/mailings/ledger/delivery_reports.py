"""Delivery reports: what a report, a bounce or a reader says later of a sent delivery."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from django.db import connection

from apps.core.responses.stored import NOTHING, Response, coded
from apps.mailings.ledger import dialect, runs
from apps.mailings.ledger.audit import audit_rows
from apps.mailings.ledger.runs import LockedRun
from apps.mailings.models import Engagement, Run
from apps.mailings.models.engagement.figures import COUNTERS

#: The transitions that a report can make. What is final stays; what was unknown is known.
_FROM: Final = {
    "sent": ("unknown",),
    "delivered": ("sent", "unknown"),
    "bounced": ("sent", "unknown"),
}

_ENGAGED: Final = tuple(f"engaged_{name}" for name in COUNTERS)


class Effect(StrEnum):
    """The effect of the report."""

    MOVED = "moved"
    EARLY = "early"  # the worker has not recorded the reply yet: report it again in a moment
    NONE = "none"  # it was known, or a later state stands


class Report(NamedTuple):
    """What is reported of a delivery; the reply stays on one that bounced."""

    delivery_id: int
    code: int = 0
    response: Response = NOTHING


def apply_all(
    run: LockedRun, reports: Sequence[Report], state: str, *, by: str
) -> dict[int, Effect]:
    """Move these deliveries of the run to ``sent``, ``delivered`` or ``bounced``, if they may go.

    Each is named once. Each step is one conditional UPDATE for all of them; counters and the
    outcome of a closed run follow. A refusal leaves its ``code`` and ``response`` on the delivery.
    ``by`` names the source: where nobody knew what had become of a letter, an audit row says who
    did.
    """
    effects = {report.delivery_id: Effect.NONE for report in reports}
    for old in _FROM[state]:
        left = [one for one in reports if effects[one.delivery_id] is not Effect.MOVED]
        moved = _move(run, left, old, state) if left else []
        if not moved:
            continue
        effects.update((delivery_id, Effect.MOVED) for delivery_id, _recipient_id in moved)
        if (old, state) == ("sent", "bounced"):
            _leave_terms(run, [recipient_id for _delivery_id, recipient_id in moved])
        runs.move(run, {old: -len(moved), state: len(moved)})
        runs.recompute_outcome(run)
        if old == "unknown":
            audit_rows(run, moved, coded("decided", "unknown", state, by), trigger=run.trigger)
    waiting = [number for number, effect in effects.items() if effect is not Effect.MOVED]
    effects.update((number, Effect.EARLY) for number in _being_sent(run, waiting))
    return effects


_REPORTED: Final = {"id": "bigint", "code": "int", "response": "text"}


def _move(run: LockedRun, reports: Sequence[Report], old: str, new: str) -> list[tuple[int, int]]:
    reply_columns = "code = o.code, response = o.response, " if new == "bounced" else ""
    now = dialect.time_value(run.now)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE mailings_delivery SET {reply_columns}state = %s, changed_at = %s,"
            " sent_at = COALESCE(sent_at, %s)"
            f" FROM {dialect.recordset(_REPORTED)} WHERE mailings_delivery.id = o.id"
            " AND run_id = %s AND state = %s"
            " RETURNING mailings_delivery.id, mailings_delivery.recipient_id",
            [new, now, now, dialect.recordset_value(reports), run.id, old],
        )
        moved: list[tuple[int, int]] = cursor.fetchall()
    return moved


def _leave_terms(run: LockedRun, recipients: Sequence[int]) -> None:
    """Nobody engages with what came back, whatever was seen of it.

    Where rows of persons are forgotten nobody knows the term: the sums stay within what is sent.
    """
    *terms, clicked = before = Run.objects.values_list(*_ENGAGED).get(pk=run.id)
    if not any(terms):
        return
    rows = Engagement.objects.filter(run_id=run.id, recipient__in=recipients)
    known = rows.values_list("term", "clicks")
    for term, clicks in known:
        terms[COUNTERS.index(term)] -= 1
        clicked -= clicks > 0
    over = sum(terms) - (run.counts["sent"] + run.counts["delivered"] - len(recipients))
    for _forgotten in range(over):
        terms[terms.index(max(terms))] -= 1
    after = (*terms, min(clicked, terms[0]))
    if after != before:
        Run.objects.filter(pk=run.id).update(**dict(zip(_ENGAGED, after, strict=True)))


def _being_sent(run: LockedRun, ids: Sequence[int]) -> list[int]:
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM mailings_delivery WHERE {dialect.any_of('id')}"
            " AND run_id = %s AND state = 'sending'",
            [dialect.ids_value(ids), run.id],
        )
        return [number for (number,) in cursor.fetchall()]
