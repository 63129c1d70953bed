"""Claiming: deliveries become this worker's own, durably, before a byte of them leaves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, Protocol

from django.db import connection

from apps.core.contracts import Claimed
from apps.core.responses.stored import Response, code_of
from apps.mailings.attribute_values import lists_in
from apps.mailings.fields import BASIC, template_fields
from apps.mailings.ledger import dialect, runs
from apps.mailings.ledger.permission import bars, frequency
from apps.mailings.ledger.permission.domains import blocked_sql
from apps.mailings.ledger.permission.rights import USUAL, Rights
from apps.mailings.ledger.runs import (
    LockedRun,
    advance_position,
    counts_values,
    tally,
    write_counts,
    write_counts_after,
)
from apps.mailings.models.audience import ADDRESS
from apps.mailings.models.permission.left_out import LeftOut

#: Whom so many workers died with is claimed one at a time: if a message is the cause, it must not
#: take a whole group with it when it is given up.
SUSPECT = 2


class ClaimRow(Protocol):
    """One delivery as it is claimed; beside these it has every field that a template may show.

    ``reason``: of a suppression. ``left_out``: why it must not be sent; ASKS: that is asked of the
    frequency rules. ``right_id``: the subscription by which is written now.
    """

    id: int
    recipient_id: int
    address: str
    tries: int
    condition_bits: int
    content_version: int
    attributes: str
    unmeasured: bool
    archived_at: datetime | None
    every_days: int | None
    subscription_id: int | None
    right_id: int | None
    reason: str | None
    left_out: str


#: A person with a wish of their own, who is never claimed without the owner's gate.
ASKS: Final = "asks"

_COLUMNS = {
    "id": "d.id",
    "recipient_id": "d.recipient_id",
    "address": "d.address",
    "tries": "d.tries",
    "condition_bits": "d.condition_bits",
    "content_version": "d.content_version",
    "attributes": "c.attributes",
    "unmeasured": "c.unmeasured",
    "archived_at": "c.archived_at",
    "every_days": "c.every_days",
    "subscription_id": "d.subscription_id",
    "right_id": "{right_id}",
    "reason": "s.reason",
    "left_out": """
       CASE {right} {paused}
            WHEN s.reason IS NOT NULL{blocked} THEN 'suppressed'
            WHEN c.archived_at IS NOT NULL
              OR COALESCE(CAST(c.{address} AS varchar(254)), '') <> d.address THEN 'gone'
            {asks} ELSE '' END AS left_out""",
    **{name: f"c.{name}" for name in BASIC},
}
_claim_row: Callable[[Iterable[Any]], ClaimRow] = dialect.named_rows("ClaimRow", _COLUMNS)
_basic: Callable[[ClaimRow], tuple[str | None, ...]] = attrgetter(*BASIC)

#: ``{address}``: the recipient's column of the channel; the rest is by the run's rights.
_SELECT = f"""
SELECT {", ".join(_COLUMNS.values())}
  FROM mailings_delivery d
  JOIN mailings_recipient c ON c.id = d.recipient_id
  LEFT JOIN mailings_suppression s
    ON s.owner_id = c.owner_id AND s.channel = d.channel AND s.address = d.address{{suppression}}
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
    "UPDATE mailings_delivery SET state = 'sending', token = %s,{version}"
    " not_before = NULL, response = '', changed_at = %s"
    " WHERE {ids} AND state = 'pending'"
)
_TAKE_AT_ONCE = """
WITH chosen AS MATERIALIZED ({chosen}),
     taken AS (UPDATE mailings_delivery
                  SET state = 'sending', token = %s,{version} not_before = NULL,
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
    """What one claim brought: letters to write, and how many turned out to be suppressed.

    ``waiting``: how many must wait for a frequency rule; ``asks``: somebody has a wish of their
    own, and the next claim must go through the gate.
    """

    claimed: list[Claimed] = field(default_factory=list)
    suppressed: int = 0
    waiting: int = 0
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """Who claims, and by what right.

    ``on_first_channel``: the run is on the one whose deliveries have positions. ``gated``: the
    owner's gate is this transaction's, and frequency rules hold. ``newest``: of a run with several
    contents, where the versions of those lead that were replaced; None: it has one content.
    """

    token: int
    on_first_channel: bool = True
    rights: Rights = USUAL
    gated: bool = False
    newest: Mapping[int, int] | None = None


def claim(run: LockedRun, asked: Asked, *, limit: int) -> Claim:
    """Take up to ``limit`` pending deliveries of the run's channel.

    Who must not be written to by now is left out. The run's cursor and counters move;
    ``write_counts`` must follow.
    """
    if any(run.left_out.values()):
        write_counts(run)  # the statement that takes and counts knows no reasons
    taking = _Taking(run, asked)
    result = taking.result
    if asked.on_first_channel and run.claim_cursor < run.last_position:
        params = [run.claim_cursor]
        advance_position(run, min(run.claim_cursor + limit, run.last_position))
        taking.take("fresh", [*params, run.claim_cursor])
    left = limit - len(result.claimed) - result.suppressed - result.waiting
    if left > 0:
        taking.take("due", _due_params(run, left))
    return result


@dataclass(frozen=True, slots=True)
class Due:
    """When the earliest returned delivery of a run may be tried again, and whether it ever was.

    ``capped``: it waits for a frequency rule; ``for_files``: for files of its own.
    """

    at: datetime
    tried: bool
    capped: bool = False
    for_files: bool = False


def next_due(run: LockedRun) -> Due | None:
    """The earliest deferred moment on the run's channel; None when nothing is deferred."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT not_before, tries, response FROM mailings_delivery WHERE run_id = %s"
            " AND state = 'pending' AND channel = %s AND not_before IS NOT NULL"
            " ORDER BY not_before, id LIMIT 1",
            [run.id, run.channel],
        )
        not_before, tries, response = cursor.fetchone() or (None, 0, "")
    at = dialect.as_time(not_before)
    if at is None:
        return None
    capped, for_files = response == frequency.WAITS, code_of(response) == "files_wait"
    return Due(at, bool(tries), capped=capped, for_files=for_files)


def beyond(run: LockedRun, count: int) -> int:
    """The last of the next ``count`` positions, or of all."""
    return min(run.claim_cursor + count, run.audience)


def _due_params(run: LockedRun, limit: int) -> list[Any]:
    now = dialect.time_value(run.now)
    return [now, run.id, now, limit]


class _Taking:
    """One claim: which statement it uses, and what comes of each row.

    ``guarded``: rows are judged before they are taken; otherwise PostgreSQL takes them at once, and
    counts those of the first road with them.
    """

    def __init__(self, run: LockedRun, asked: Asked) -> None:
        self.result = Claim()
        self._run, self._token, self._rights = run, asked.token, asked.rights
        self._gated = asked.gated and asked.rights.heeds_wishes
        self._newest = asked.newest
        guarded = self._gated or asked.rights.needs_consent or run.blocks_domains
        self._at_once = dialect.on_postgresql() and not guarded
        self._now = dialect.time_value(run.now)

    def take(self, road: str, params: list[Any]) -> None:
        """Read the next rows, take those that may be sent to, and count them."""
        run = self._run
        rows = self._read(road, [*self._paused(), run.id, run.channel, *params], road == "fresh")
        out = {row.id: row.left_out for row in rows if row.left_out not in ("", ASKS)}
        asking = [row for row in rows if row.left_out == ASKS]
        waits = self._capped(rows, out) if self._gated else {}
        if not self._gated and asking:
            self.result.asks = True
            frequency.defer(run, {row.id: run.now for row in asking})
        free = [row for row in rows if row.id not in out and row.id not in waits]
        free = free if self._gated else [row for row in free if row.left_out != ASKS]
        if not self._at_once:
            self._take([row.id for row in free])
        tally(run, {"pending": -len(free), "sending": len(free)})
        if self._at_once and road == "fresh":
            run.stored = run.standing
        self._keep_rights(free)
        self._leave_out([row for row in rows if row.id in out], out)
        if waits:
            frequency.defer(run, waits)
        self.result.waiting += len(waits)
        self.result.claimed += map(claimed_of if self._newest is None else _chosen_of, free)

    def _paused(self) -> list[Any]:
        return [self._now] if self._rights.heeds_wishes else []

    def _read(self, road: str, params: list[Any], first: bool) -> list[ClaimRow]:
        run = self._run
        sql = _select(run, self._rights) + _ROADS[road] + dialect.skip_locked("d")
        with connection.cursor() as cursor:
            if not self._at_once:
                cursor.execute(sql, params)
            else:
                version = _version_sql(self._newest)
                more = _COUNTED if first else ""
                whole = _TAKE_AT_ONCE.format(chosen=sql, more=more, version=version)
                ours = self._ours + (counts_values(run) if first else [])
                if self._newest:  # as good as no other run has the same statement
                    cursor.execute(whole, [*params, *ours])
                else:
                    kind = (
                        self._rights.kind if self._newest is None else f"{self._rights.kind}_many"
                    )
                    name = f"vestnik_claim_{road}_{run.channel}_{kind}"
                    dialect.execute(cursor, name, whole, [*params, *ours])
            return list(map(_claim_row, cursor.fetchall()))

    def _take(self, ids: list[int]) -> None:
        if ids:
            with connection.cursor() as cursor:
                sql = _TAKE.format(ids=dialect.any_of("id"), version=_version_sql(self._newest))
                cursor.execute(sql, [*self._ours, dialect.ids_value(ids)])

    @property
    def _ours(self) -> list[Any]:
        """What a claim writes into a delivery."""
        version = [self._run.content_version] if self._newest is None else []
        return [self._token, *version, self._now]

    def _capped(self, rows: list[ClaimRow], out: dict[int, str]) -> dict[int, datetime]:
        """Until when deliveries wait. Where that is of no use the frequency rule leaves them out:
        it is a stronger reason than what lies in the address."""
        asked = [row for row in rows if out.get(row.id, "") in _WEAKER]
        until = frequency.capped(self._run, {row.recipient_id: row.every_days for row in asked})
        waits: dict[int, datetime] = {}
        for row in asked:
            if (at := until.get(row.recipient_id)) is None:
                continue
            if self._rights.on_cap == "skip" or at >= self._run.ends_at:
                out[row.id] = LeftOut.CAP
            elif row.id not in out:
                waits[row.id] = at
        return waits

    def _keep_rights(self, rows: list[ClaimRow]) -> None:
        """Another list of the run stands in: the delivery names that subscription."""
        moved = [
            (row.id, row.right_id)
            for row in rows
            if row.right_id is not None and row.right_id != row.subscription_id
        ]
        if moved:
            columns = {"id": "bigint", "subscription": "bigint"}
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE mailings_delivery SET subscription_id = o.subscription"
                    f" FROM {dialect.recordset(columns)} WHERE mailings_delivery.id = o.id",
                    [dialect.recordset_value(moved)],
                )

    def _leave_out(self, rows: list[ClaimRow], out: dict[int, str]) -> None:
        for row in rows:
            leave_out(row.id, out[row.id], _response(row, out[row.id]), self._run.now)
        runs.leave_out(self._run, Counter(out[row.id] for row in rows), left="pending")
        self.result.suppressed += len(rows)


def _version_sql(newest: Mapping[int, int] | None) -> str:
    """What a claim makes of the version: the run's only one, or what it leads to by now."""
    if newest is None:
        return " content_version = %s,"
    column = "mailings_delivery.content_version"
    cases = " ".join(f"WHEN {int(old)} THEN {int(new)}" for old, new in newest.items())
    return f" content_version = CASE {column} {cases} ELSE {column} END," if cases else ""


#: Reasons that a frequency rule goes before.
_WEAKER: Final = frozenset({"", LeftOut.SUPPRESSED.value, LeftOut.GONE.value})


def _select(run: LockedRun, rights: Rights) -> str:
    address = ADDRESS[run.channel]
    blocked = f" OR {blocked_sql('d.address', run.channel, 'c.owner_id')}"
    heeds = rights.heeds_wishes
    return _SELECT.format(
        address=address,
        right_id=rights.right_id,
        right=rights.missing,
        suppression=rights.suppression,
        paused="WHEN c.paused_until > %s THEN 'paused'" if heeds else "",
        blocked=blocked if run.blocks_domains else "",
        asks=f"WHEN c.every_days IS NOT NULL THEN '{ASKS}'" if heeds else "",
    )


def _response(row: ClaimRow, code: str) -> Response:
    """Why this recipient must not be written to, as it is stored beside the code."""
    if code == LeftOut.GONE:
        return bars.ARCHIVED if row.archived_at is not None else bars.MOVED
    return bars.response_of(code, bar=row.reason or bars.DOMAIN)


def claimed_of(row: ClaimRow) -> Claimed:
    attributes = {} if row.attributes == "{}" else json.loads(row.attributes)
    return Claimed(
        delivery_id=row.id,
        recipient_id=row.recipient_id,
        address=row.address,
        attempt=row.tries + 1,
        fields=template_fields(_basic(row), attributes),
        lists=lists_in(attributes) if "[" in row.attributes else {},
        condition_bits=row.condition_bits,
        unmeasured=bool(row.unmeasured),
    )


def _chosen_of(row: ClaimRow) -> Claimed:
    """The same with the content that was chosen: only where there are several to choose from."""
    return replace(claimed_of(row), content_version=row.content_version)


def leave_out(delivery_id: int, code: str, response: Response, now: datetime) -> None:
    """Leave out a pending delivery for this reason; the caller counts it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mailings_delivery SET state = 'suppressed', left_out = %s, response = %s,"
            " not_before = NULL, changed_at = %s WHERE id = %s AND state = 'pending'",
            [code, response, dialect.time_value(now), delivery_id],
        )
