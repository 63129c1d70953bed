"""Events are written down once, however often they come."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import connection

from apps.feedback.models import Event
from apps.mailings.ledger import dialect

_COLUMNS: Final = {
    "provider": "text",
    "event_id": "text",
    "kind": "text",
    "delivery_id": "bigint",
    "facts": "text",
    "received_at": "text",
    "settled_at": "text",
}


def _statement() -> str:
    """One statement for all: what was known already is left out, and nothing waits for it."""
    facts = "o.facts::jsonb" if dialect.on_postgresql() else "o.facts"
    times = (dialect.from_recordset_time(f"o.{name}") for name in ("received_at", "settled_at"))
    return (
        f"INSERT INTO feedback_event ({', '.join(_COLUMNS)})"
        f" SELECT o.provider, o.event_id, o.kind, o.delivery_id, {facts}, {', '.join(times)}"
        f" FROM {dialect.recordset(_COLUMNS)} WHERE true"
        " ON CONFLICT (provider, event_id) DO NOTHING RETURNING id, provider, event_id"
    )


def keep_all(events: Sequence[Event]) -> list[Event]:
    """Write them down. Returns those that their sources have not sent before, with their ids."""
    first = {(event.provider, event.event_id): event for event in reversed(events)}
    rows = [
        [
            event.provider,
            event.event_id,
            event.kind,
            event.delivery_id,
            json.dumps(event.facts),
            *(at and str(dialect.time_value(at)) for at in (event.received_at, event.settled_at)),
        ]
        for event in events
        if first[event.provider, event.event_id] is event
    ]
    with connection.cursor() as cursor:
        params = [dialect.recordset_value(rows)]
        dialect.execute(cursor, "vestnik_keep_events", _statement(), params)
        kept = cursor.fetchall()
    for number, provider, event_id in kept:
        first[provider, event_id].pk = number
    return [event for event in events if event.pk is not None]


def keep(event: Event) -> bool:
    """Write one down. False when its source has sent it before."""
    return bool(keep_all([event]))


def claim(ids: Sequence[int], now: datetime) -> set[int]:
    """Settle these, as far as they wait still. Returns those that are the caller's to apply."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "feedback_event" SET settled_at = %s WHERE {dialect.any_of("id")}'
            " AND settled_at IS NULL RETURNING id",
            [dialect.time_value(now), dialect.ids_value(sorted(ids))],
        )
        return {number for (number,) in cursor.fetchall()}
