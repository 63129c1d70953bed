"""The routes of a run: which channel a delivery goes over, and what falls back to the next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.db.models import F

from apps.core.responses.stored import NOTHING, Response
from apps.mailings.ledger import dialect, runs
from apps.mailings.ledger.permission.domains import blocked_sql
from apps.mailings.ledger.permission.rights import USUAL, Rights
from apps.mailings.ledger.runs import LockedRun
from apps.mailings.models import Delivery, RunRoute
from apps.mailings.models.audience import ADDRESS

#: The address must be free in this run: it may have changed hands since the audience was frozen.
_PASS_ON = """
UPDATE mailings_delivery
   SET channel = %s, address = CAST(c.{column} AS varchar(254)), state = 'pending', tries = 0,
       crashes = 0, code = 0, response = '', left_out = '', not_before = %s, changed_at = %s
  FROM mailings_recipient c
 WHERE {ids} AND mailings_delivery.state = %s
   AND c.id = mailings_delivery.recipient_id AND c.{column} IS NOT NULL AND c.archived_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM mailings_suppression s
                    WHERE s.owner_id = c.owner_id AND s.channel = %s
                      AND s.address = CAST(c.{column} AS varchar(254)){suppression})
   AND NOT {blocked}
   AND NOT EXISTS (SELECT 1 FROM mailings_delivery x
                    WHERE x.run_id = %s AND x.channel = %s
                      AND x.address = CAST(c.{column} AS varchar(254)) AND x.address <> '')
RETURNING mailings_delivery.id"""


def fall_back(
    run: LockedRun,
    delivery_ids: Sequence[int],
    *,
    state: str,
    channel: str = "",
    rights: Rights = USUAL,
) -> set[int]:
    """Those of these in ``state`` become pending on the next channel they can be reached on.

    ``channel`` is the one they were on; without it the one that the run is on. Who cannot be
    reached on any further channel stays as it is. Returns those that were moved; the caller moves
    the run's counters.
    """
    moved: set[int] = set()
    if not delivery_ids:
        return moved
    routes = list(RunRoute.objects.filter(run_id=run.id).order_by("position"))
    here = next((route for route in routes if route.channel == (channel or run.channel)), None)
    for route in routes if here is not None else ():
        if here is not None and route.position > here.position and len(moved) < len(delivery_ids):
            found = _move(run, delivery_ids, route.channel, state, rights)
            _count(here, -len(found))
            _count(route, len(found))
            moved |= found
    return moved


def _move(run: LockedRun, ids: Sequence[int], channel: str, state: str, rights: Rights) -> set[int]:
    address = f"CAST(c.{ADDRESS[channel]} AS varchar(254))"
    sql = _PASS_ON.format(
        column=ADDRESS[channel],
        ids=dialect.any_of("mailings_delivery.id"),
        suppression=rights.suppression,
        blocked=blocked_sql(address, channel, "c.owner_id"),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            [
                channel,
                dialect.time_value(run.now),
                dialect.time_value(run.now),
                dialect.ids_value(ids),
                state,
                channel,
                run.id,
                channel,
            ],
        )
        return {delivery_id for (delivery_id,) in cursor.fetchall()}


def count_in(run: LockedRun, count: int) -> None:
    """So many more deliveries begin on the channel that the run is on."""
    RunRoute.objects.filter(run_id=run.id, channel=run.channel).update(count=F("count") + count)


def _count(route: RunRoute, change: int) -> None:
    if change:
        RunRoute.objects.filter(pk=route.pk).update(count=F("count") + change)


def is_first(run: LockedRun, channel: str) -> bool:
    """True for the run's first channel, the one whose deliveries have positions."""
    routes = RunRoute.objects.filter(run_id=run.id).order_by("position")
    return routes.values_list("channel", flat=True).first() in (channel, None)


def has_pending(run: LockedRun, channel: str) -> bool:
    """True if deliveries are pending on this channel."""
    rows = Delivery.objects.filter(run_id=run.id, state=Delivery.State.PENDING, channel=channel)
    if rows.filter(indexed_state=Delivery.State.PENDING).exists():
        return True
    return is_first(run, channel) and rows.filter(position__gt=run.claim_cursor).exists()


def suspend(run: LockedRun, reason: str, until: datetime | None, detail: Response) -> None:
    """Defer the run's present route, for this reason and until then."""
    RunRoute.objects.filter(run_id=run.id, channel=run.channel).update(
        reason=reason, until=until, reason_detail=detail
    )


def switch_to(run: LockedRun, route: RunRoute) -> None:
    """Switch the run to this route: it queues on that account."""
    RunRoute.objects.filter(pk=route.pk).update(reason="", until=None, reason_detail=NOTHING)
    runs.hand_to(run, route.account, channel=route.channel)


def open_all(run: LockedRun) -> list[str]:
    """Clear the wait of every route. Return the accounts of those that waited."""
    waiting = RunRoute.objects.filter(run_id=run.id).exclude(reason="")
    names = list(waiting.values_list("account", flat=True))
    waiting.update(until=run.now)
    return names
