"""Freezing an audience: recipients become deliveries, in committed windows that can be resumed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Min, QuerySet

from apps.mailings.ledger import dialect, routes, runs
from apps.mailings.ledger.permission import bars
from apps.mailings.ledger.permission.rights import Rights
from apps.mailings.ledger.reach import PERSONAL, source_of
from apps.mailings.ledger.runs import LockedRun
from apps.mailings.ledger.staging import moves
from apps.mailings.models import Delivery, Recipient, Run
from apps.mailings.run_content import SAMPLED

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
        the content asks for tags or segments, with ``condition_bits``; where there are several
        contents, with ``content_version``; where only a sample gets one at first, with ``sampled``.
        """

    def one(self, recipient_id: int) -> QuerySet[Recipient]:
        """This person with the same columns, whether or not the rule names them."""

    def several(self, ids: Sequence[int]) -> QuerySet[Recipient]:
        """The living of these people with the same columns."""


#: Pulled apart: each reason is evaluated once.
_INSERT = """
{common},
     b AS MATERIALIZED (
       SELECT a.id, CAST(a.address_0 AS varchar(254)) AS address, a.subscription_id, a.term,
              {stop} AS stop{personal}, CASE WHEN a.bar <> '' THEN a.bar ELSE {bar} END AS bar
         FROM {joined})
INSERT INTO mailings_delivery
       (run_id, recipient_id, channel, address, state, position,
        tries, crashes, code, response, left_out, subscription_id, changed_at{column}{late_column})
SELECT %s, b.id, %s, COALESCE(b.address, ''),
       CASE WHEN b.bar = '' THEN 'pending' ELSE 'suppressed' END,
       {position},
       0, 0, 0, {response}, b.bar, CAST(b.subscription_id AS bigint), %s{value}{late_value}
  FROM b
 WHERE b.id > 0
 ORDER BY b.id{conflict}
RETURNING id, left_out, recipient_id"""

#: Behind those of earlier windows, in the order of the ids.
_NEXT = """CASE WHEN b.bar = ''
            THEN (SELECT COALESCE(MAX(p.position), 0) FROM mailings_delivery p WHERE p.run_id = %s)
                 + COUNT(*) FILTER (WHERE b.bar = '') OVER (ORDER BY b.id) END"""
#: The sample of an experiment goes before all others: from 0 downwards, however many follow.
_SAMPLE_FIRST = """CASE WHEN b.bar = '' AND b.sampled = 1
            THEN (SELECT COALESCE(MIN(p.position), 1) FROM mailings_delivery p WHERE p.run_id = %s)
                 - COUNT(*) FILTER (WHERE b.bar = '' AND b.sampled = 1) OVER (ORDER BY b.id)
            WHEN b.bar = ''
            THEN (SELECT COALESCE(MAX(p.position), 0) FROM mailings_delivery p WHERE p.run_id = %s)
                 + COUNT(*) FILTER (WHERE b.bar = '' AND b.sampled = 0) OVER (ORDER BY b.id) END"""


#: What is inserted besides, into a run that is frozen: see ``insert``.
_LATE: Final = {
    False: {"late_column": "", "late_value": "", "conflict": ""},
    True: {
        "late_column": ", not_before",
        "late_value": ", CASE WHEN b.bar = '' THEN %s END",
        "conflict": "\nON CONFLICT DO NOTHING",
    },
}


def freeze_chunk(run: LockedRun, audience: Audience, cursor_at: int) -> int | None:
    """Turn the candidates of the next window into deliveries and move the watermark.

    Each goes to the first of the run's channels on which the recipient has an address that may be
    written to. Returns the new watermark, or None when the whole audience is frozen.
    """
    upto = audience.bound(cursor_at)
    if upto is None:
        return None
    began = time.monotonic()
    candidates = audience.within(cursor_at, upto)
    rows = insert(run, candidates, audience)
    if SAMPLED in candidates.query.annotations:
        _begin_with_sample(run)
    _count(run, [row[:2] for row in rows], audience.rights)
    Run.objects.filter(pk=run.id).update(freeze_cursor=upto, audience=run.audience)
    quick = time.monotonic() - began < _QUICK
    if quick and len(rows) * _WIDER < audience.width:
        audience.width = min(audience.width * _WIDER, audience.widest)
    elif not quick:
        audience.width = CHUNK
    return upto


def insert(
    run: LockedRun, candidates: QuerySet[Recipient], audience: Audience, *, late: bool = False
) -> list[tuple[int, str, int]]:
    """Delivery, reason and recipient of each.

    ``late``: they have no place in a frozen audience and are due at once; who is in the run already
    is passed over.
    """
    sampled = [SAMPLED] if SAMPLED in candidates.query.annotations else []
    try:
        source = source_of(
            candidates.order_by(), audience.rights, run.owner_id, [run.channel], sampled
        )
    except EmptyResultSet:
        return []
    position = "NULL" if late else _SAMPLE_FIRST if sampled else _NEXT
    sql = _INSERT.format(
        common=source.common,
        joined=source.joined,
        bar=source.bars[0],
        stop=source.stops[0],
        response=bars.RESPONSE_SQL,
        position=position,
        personal="".join(f", {sql} AS {name}" for name, sql in source.personal.items())
        + "".join(f", a.{name}" for name in sampled),
        column="".join(f", {name}" for name in source.personal),
        value="".join(f", b.{name}" for name in source.personal),
        **_LATE[late],
    )
    places = [run.id] * position.count("%s")
    params = [run.id, run.channel, *places, *[dialect.time_value(run.now)] * (1 + late)]
    with connection.cursor() as cursor:
        if dialect.on_postgresql() and not audience.plain:
            cursor.execute("SET LOCAL work_mem = '64MB'; SET LOCAL jit = off")
        cursor.execute(sql, [*source.params, *params])
        return list(cursor.fetchall())


def _begin_with_sample(run: LockedRun) -> None:
    """Put the claim cursor before the sample as far as it is frozen."""
    first = Delivery.objects.filter(run_id=run.id).aggregate(at=Min("position"))["at"]
    if first is not None:
        run.claim_cursor = min(run.claim_cursor, first - 1)


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
    personal = {name: source.personal.get(name, usual) for name, (_, usual) in PERSONAL.items()}
    sql = (
        f"{source.common}, b AS (SELECT a.term, a.subscription_id, {source.stops[0]} AS stop,"
        f" {', '.join(f'{sql} AS {name}' for name, sql in personal.items())},"
        f" CAST(a.address_0 AS varchar(254)) AS address,"
        f" CASE WHEN a.bar <> '' THEN a.bar ELSE {source.bars[0]} END AS bar FROM {source.joined})"
        f" SELECT COALESCE(b.address, ''), b.bar, {bars.RESPONSE_SQL}, b.subscription_id,"
        f" {', '.join(f'b.{name}' for name in personal)} FROM b"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, source.params)
        names = ("address", "left_out", "response", "subscription_id", *personal)
        return dict(zip(names, cursor.fetchone(), strict=True))


def close(run: LockedRun) -> bool:
    """Let a run whose audience is whole into the queue, unless files are brought first.

    True: it was, and is done already when nobody is left to be sent to.
    """
    if moves.hold(run):
        return False
    analyze_deliveries(run)
    close_freeze(run, run.now)
    runs.finish(run)
    return True


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
