"""Writes suppressions, and an event for each: nothing else adds a row or takes one away."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.core.values.batches import batched
from apps.mailings.models import Suppression, SuppressionEvent
from apps.mailings.models.permission.suppressions import BY_RECIPIENT, BY_SERVER

__all__ = ["BY_RECIPIENT", "BY_SERVER", "Blocked", "lift", "suppress"]

#: Rows of one statement.
_PART: Final = 500
_INSERT: Final = (
    "INSERT INTO mailings_suppression"
    " (created_at, updated_at, owner_id, channel, address, reason) VALUES {rows}"
    " ON CONFLICT (owner_id, channel, address) DO NOTHING"
    " RETURNING owner_id, channel, address, reason"
)


class Blocked(NamedTuple):
    """An address in the form in which it is stored, and why nothing goes to it."""

    owner_id: int
    channel: str
    address: str
    reason: str


@transaction.atomic
def suppress(
    rows: Iterable[Blocked], *, actor: str, note: str = "", now: datetime | None = None
) -> list[Blocked]:
    """Suppress these addresses. Returns those that were not yet; the others keep their reason."""
    added: list[Blocked] = []
    moment = now or timezone.now()
    for part in batched(rows, _PART):
        added += _inserted(part, moment)
    _record(SuppressionEvent.Act.ADDED, added, actor=actor, note=note)
    return added


@transaction.atomic
def lift(rows: QuerySet[Suppression], *, actor: str, note: str = "") -> list[Blocked]:
    """Allow these addresses again. Returns those that were suppressed until now."""
    columns = ("pk", *Blocked._fields)
    found = list(rows.order_by("pk").select_for_update().values_list(*columns))
    keys = [row[0] for row in found]
    for start in range(0, len(keys), _PART):
        Suppression.objects.filter(pk__in=keys[start : start + _PART]).delete()
    lifted = [Blocked(*row[1:]) for row in found]
    _record(SuppressionEvent.Act.LIFTED, lifted, actor=actor, note=note)
    return lifted


def _inserted(part: list[Blocked], now: datetime) -> list[Blocked]:
    moment = connection.ops.adapt_datetimefield_value(now)
    values: list[Any] = []
    for row in part:
        values += [moment, moment, *row]
    places = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(part))
    with connection.cursor() as cursor:
        cursor.execute(_INSERT.format(rows=places), values)
        return [Blocked(*row) for row in cursor.fetchall()]


def _record(act: str, rows: Iterable[Blocked], *, actor: str, note: str) -> None:
    SuppressionEvent.objects.bulk_create(
        (
            SuppressionEvent(**row._asdict(), act=act, actor=actor[:254], note=note[:500])
            for row in rows
        ),
        batch_size=_PART,
    )
