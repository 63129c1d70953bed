"""Freezing an audience: recipients become deliveries, in committed windows that can be resumed."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime
from typing import Any, Final, Protocol

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from apps.mailings.ledger import dialect, routes, runs
from apps.mailings.ledger.permission import bars
from apps.mailings.ledger.permission.rights import Rights
from apps.mailings.ledger.reach import BITS, source_of
from apps.mailings.ledger.runs import LockedRun
from apps.mailings.models import Recipient, Run

#: People looked at in one transaction: enough to be quick, few enough not to hold the database.
CHUNK = 10_000
#: From so many rows on a page would feel that PostgreSQL knows nothing of them yet.
LARGE = 50_000
#: A window that took no longer may be followed by one that is so many times as wide.
_QUICK: Final = 0.3
_WIDER: Final = 4


class Audience(Protocol):
    """Whom a run is for, as its rule says (rules.RuledAudience).

    ``width``: people in the next window; ``widest``: how many it may ever be; ``plain``: nothing
    but recipients and their addresses are asked.
    """

    rights: Rights
    width: int
    widest: int
    plain: bool

    def bound(self, after: int) -> int | None:
        """The id up to which the next window goes; None beyond the last."""

    def within(self, after: int, upto: int) -> QuerySet[Recipient]:
        """The candidates with ids in the window, each with ``bar``, ``term``, ``subscription_id``.

        Every subquery is bounded, too: else a planner reads whole histories for each window. Where
        the content asks for tags or segments, with ``condition_bits``.
        """

    def one(self, recipient_id: int) -> QuerySet[Recipient]:
        """This person with the same columns, whether or not the rule names them."""


#: Pulled apart: each reason is evaluated once.
_INSERT = """
{common},
     b AS MATERIALIZED (
       SELECT a.id, CAST(a.address_0 AS varchar(254)) AS address, a.subscription_id, a.term,
              {stop} AS stop{bits}, CASE WHEN a.bar <> '' THEN a.bar ELSE {bar} END AS bar
         FROM {joined})
INSERT INTO mailings_delivery
       (run_id, recipient_id, channel, address, state, position,
        tries, crashes, code, response, left_out, subscription_id, changed_at{column})
SELECT %s, b.id, %s, COALESCE(b.address, ''),
       CASE WHEN b.bar = '' THEN 'pending' ELSE 'suppressed' END,
       CASE WHEN b.bar = ''
            THEN (SELECT COALESCE(MAX(p.position), 0) FROM mailings_delivery p WHERE p.run_id = %s)
                 + COUNT(*) FILTER (WHERE b.bar = '') OVER (ORDER BY b.id) END,
       0, 0, 0, {response}, b.bar, CAST(b.subscription_id AS bigint), %s{value}
  FROM b
 ORDER BY b.id
RETURNING id, left_out"""


def freeze_chunk(run: LockedRun, audience: Audience, cursor_at: int) -> int | None:
    """Turn the candidates of the next window into deliveries and move the watermark.

    Each goes to the first of the run's channels on which the recipient has an address that may be
    written to. Returns the new watermark, or None when the whole audience is frozen.
    """
    upto = audience.bound(cursor_at)
    if upto is None:
        return None
    began = time.monotonic()
    rows = _insert(run, audience.within(cursor_at, upto), audience)
    _count(run, rows, audience.rights)
    Run.objects.filter(pk=run.id).update(freeze_cursor=upto, audience=run.audience)
    quick = time.monotonic() - began < _QUICK
    if quick and len(rows) * _WIDER < audience.width:
        audience.width = min(audience.width * _WIDER, audience.widest)
    elif not quick:
        audience.width = CHUNK
    return upto


def _insert(
    run: LockedRun, candidates: QuerySet[Recipient], audience: Audience
) -> list[tuple[int, str]]:
    """Delivery and reason of each."""
    try:
        source = source_of(candidates.order_by(), audience.rights, run.owner_id, [run.channel])
    except EmptyResultSet:
        return []
    sql = _INSERT.format(
        common=source.common,
        joined=source.joined,
        bar=source.bars[0],
        stop=source.stops[0],
        response=bars.RESPONSE_SQL,
        bits=f", {source.bits} AS {BITS}" if source.bits else "",
        column=f", {BITS}" if source.bits else "",
        value=f", b.{BITS}" if source.bits else "",
    )
    params = [run.id, run.channel, run.id, dialect.time_value(run.now)]
    with connection.cursor() as cursor:
        if dialect.on_postgresql() and not audience.plain:
            cursor.execute("SET LOCAL work_mem = '64MB'; SET LOCAL jit = off")
        cursor.execute(sql, [*source.params, *params])
        return list(cursor.fetchall())


def _count(run: LockedRun, rows: list[tuple[int, str]], rights: Rights) -> None:
    """Whom only the address keeps out may be reached over the next channel."""
    barred: dict[int, str] = {delivery_id: reason for delivery_id, reason in rows if reason}
    routes.count_in(run, len(rows))
    other = [one for one, reason in barred.items() if reason in bars.OF_ADDRESS]
    moved = routes.fall_back(run, other, state="suppressed", rights=rights)
    for_good = Counter(reason for one, reason in barred.items() if one not in moved)
    runs.tally(run, {"pending": len(rows) - for_good.total()})
    runs.leave_out(run, for_good)
    runs.write_counts(run)


def reason_for(run: LockedRun, audience: Audience, recipient_id: int) -> dict[str, Any]:
    """What the freeze would store of this one person, beside the state."""
    source = source_of(audience.one(recipient_id), audience.rights, run.owner_id, [run.channel])
    sql = (
        f"{source.common}, b AS (SELECT a.term, a.subscription_id, {source.stops[0]} AS stop,"
        f" {source.bits or 0} AS {BITS},"
        f" CAST(a.address_0 AS varchar(254)) AS address,"
        f" CASE WHEN a.bar <> '' THEN a.bar ELSE {source.bars[0]} END AS bar FROM {source.joined})"
        f" SELECT COALESCE(b.address, ''), b.bar, {bars.RESPONSE_SQL}, b.subscription_id, b.{BITS}"
        " FROM b"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, source.params)
        names = ("address", "left_out", "response", "subscription_id", BITS)
        return dict(zip(names, cursor.fetchone(), strict=True))


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
