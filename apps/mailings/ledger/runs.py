"""A run's row: read under its lock, its counters, its waits, its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import partial
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from apps.core.responses.stored import NOTHING, Response
from apps.mailings.ledger import dialect
from apps.mailings.models import Mailing, Run
from apps.mailings.models.ledger import STATES
from apps.mailings.models.permission.left_out import LeftOut
from apps.mailings.models.run_parts import outcome_of
from apps.mailings.wait_reasons import reasons_that

log = structlog.get_logger(__name__)

#: Reasons that only a person may be able to end; every other wait has a time.
WITHOUT_TIME = reasons_that(lambda wait: wait.needs_person)

_COLUMNS = {
    **{name: f"r.{name}" for name in ("id", "mailing_id", "number", "state", "trigger", "channel")},
    **{name: f"r.{name}" for name in ("account", "early", "stopping", "frozen_at")},
    **{name: f"m.{name}" for name in ("owner_id", "starts_at", "ends_at")},
    "mailing_active": "m.is_active",
    "owner_active": "u.is_active",
    "content_version": "r.content_version",
    **{name: f"m.{name}" for name in ("local_from", "local_to")},
    **{name: f"r.{name}" for name in ("claim_cursor", "claim_limit")},
    **{name: f"r.{name}" for name in ("outcome", "hard_bounces", "complaints")},
    **{f"pause_{name}": f"p.{name}" for name in ("reason", "detail", "until")},
    "gated": "EXISTS (SELECT 1 FROM mailings_frequencygate g WHERE g.owner_id = m.owner_id)",
    "blocks_domains": (
        "EXISTS (SELECT 1 FROM mailings_blockeddomain k"
        " WHERE k.owner_id = m.owner_id OR k.owner_id IS NULL)"
    ),
    **{state: f"r.{state}" for state in STATES},
    "open_ended": "m.kind = 'automation'",
    "database_now": "{now}",
}
#: What a run has as its row has it, on either database.
_AS_READ = (
    *("id", "mailing_id", "number", "state", "trigger", "channel", "account", "owner_id"),
    *("content_version", "claim_cursor", "claim_limit", "outcome", "hard_bounces", "complaints"),
)
_run_row = dialect.named_rows("RunRow", _COLUMNS)
_LOCK = f"""
SELECT {", ".join(_COLUMNS.values())}
  FROM {{source}}mailings_run r
  JOIN mailings_mailing m ON m.id = r.mailing_id
  JOIN users_user u ON u.id = m.owner_id
  LEFT JOIN mailings_sendingpause p ON p.owner_id = m.owner_id
 WHERE r.id = %s"""

_WRITE_COUNTS = (
    "UPDATE mailings_run SET {counters},"
    " last_progress_at = %s, rate = COALESCE(%s, rate), claim_cursor = %s WHERE id = %s"
)


def write_counts_after(changes: Mapping[str, str]) -> str:
    """The statement, with an SQL term added to some counters: for a WITH that moves rows."""
    counters = (f"{state} = %s{changes.get(state, '')}" for state in STATES)
    return _WRITE_COUNTS.format(counters=", ".join(counters))


_AS_THEY_STAND = write_counts_after({})
#: With the reasons of those who are left out: only where somebody was, for it writes nine more.
_WITH_REASONS = _AS_THEY_STAND.replace(
    " WHERE", "".join(f", left_{code} = left_{code} + %s" for code in LeftOut.values) + " WHERE"
)


@dataclass(frozen=True, slots=True)
class OwnerPause:
    """Why nothing of a run's owner is sent now. ``until`` None: until a manager lifts it."""

    reason: str
    detail: Response
    until: datetime | None


@dataclass(slots=True)
class LockedRun:
    """A run as it stands under its row lock, with what may stop it, at the database's ``now``.

    ``channel`` and ``account`` are those that it is on at this moment. ``rate``: messages per
    second, if they were measured. ``stored``: the counters and the cursor as the row has them;
    ``left_out``: how many more are left out than the row says, by reason. ``gated``: its owner has
    frequency rules; ``blocks_domains``: some domain gets nothing; ``open_ended``: recipients come
    one by one, and it waits for the next.
    """

    id: int
    mailing_id: int
    number: int
    state: str
    trigger: str
    channel: str
    account: str
    early: bool
    stopping: bool
    frozen: bool
    owner_id: int
    starts_at: datetime
    ends_at: datetime
    mailing_active: bool
    owner_active: bool
    content_version: int
    local_from: time | None
    local_to: time | None
    claim_cursor: int
    claim_limit: int
    outcome: str
    hard_bounces: int
    complaints: int
    gated: bool
    blocks_domains: bool
    open_ended: bool
    counts: dict[str, int]
    now: datetime
    pause: OwnerPause | None = None
    rate: float | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    stored: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.stored = self.standing

    @property
    def standing(self) -> tuple[int, ...]:
        """The counters and the cursor as they are to be stored."""
        return (*self.counts.values(), self.claim_cursor)

    @property
    def audience(self) -> int:
        """How many the run is for: the equation's left side."""
        return sum(self.counts.values())

    @property
    def last_position(self) -> int:
        """The position at which claims stop now."""
        return min(self.audience, self.claim_limit)

    @property
    def may_send(self) -> bool:
        """Neither blocked nor paused is its owner."""
        return self.owner_active and self.pause is None

    @property
    def left(self) -> int:
        """How many are not settled yet."""
        return self.counts["pending"] + self.counts["sending"]


@dataclass(frozen=True, slots=True)
class Condition:
    """An UPDATE that must hit its row before a run is locked: how a worker renews its lease."""

    name: str
    sql: str
    params: tuple[Any, ...]


def lock(run_id: int, *, provided: Condition | None = None) -> LockedRun | None:
    """Take the run's row for this transaction. All movements of one run are serialised here.

    None when the run no longer exists, or when the UPDATE ``provided`` hit nothing. On PostgreSQL
    the two are one statement, which saves a round trip per cycle.
    """
    with connection.cursor() as cursor:
        values = _select_locked(cursor, run_id, provided)
    if values is None:
        return None
    row = _run_row(values)
    starts_at, ends_at = dialect.as_time(row.starts_at), dialect.as_time(row.ends_at)
    assert starts_at is not None and ends_at is not None
    now = dialect.as_time(row.database_now) or dialect.host_now()
    return LockedRun(
        **{name: getattr(row, name) for name in _AS_READ},
        early=bool(row.early),
        stopping=bool(row.stopping),
        gated=bool(row.gated),
        blocks_domains=bool(row.blocks_domains),
        open_ended=bool(row.open_ended),
        frozen=row.frozen_at is not None,
        starts_at=starts_at,
        ends_at=ends_at,
        mailing_active=bool(row.mailing_active),
        owner_active=bool(row.owner_active),
        local_from=dialect.as_clock(row.local_from),
        local_to=dialect.as_clock(row.local_to),
        counts={state: getattr(row, state) for state in STATES},
        now=now,
        pause=_pause_of(row, now),
    )


def _pause_of(row: Any, now: datetime) -> OwnerPause | None:
    """The pause of the owner, if one is in force now."""
    until = dialect.as_time(row.pause_until)
    if not row.pause_reason or (until is not None and until <= now):
        return None
    return OwnerPause(row.pause_reason, Response(row.pause_detail), until)


def _select_locked(cursor: CursorWrapper, run_id: int, provided: Condition | None) -> Any:
    columns, suffix = dialect.now_column(), dialect.lock_row("r")
    if provided is None:
        sql = _LOCK.format(now=columns, source="") + suffix
        dialect.execute(cursor, "vestnik_lock_run", sql, [run_id])
    elif dialect.on_postgresql():
        sql = (
            f"WITH provided AS ({provided.sql} RETURNING 1) "
            + _LOCK.format(now=columns, source="provided CROSS JOIN ")
            + suffix
        )
        dialect.execute(cursor, f"{provided.name}_lock_run", sql, [*provided.params, run_id])
    else:
        cursor.execute(provided.sql, provided.params)
        if not cursor.rowcount:
            return None
        return _select_locked(cursor, run_id, None)
    return cursor.fetchone()


def move(run: LockedRun, deltas: Mapping[str, int]) -> None:
    """Keep the equation: add what was moved to the counters, in the same transaction."""
    tally(run, deltas)
    write_counts(run)


def tally(run: LockedRun, deltas: Mapping[str, int]) -> None:
    """Count what was moved; ``write_counts`` must follow before the transaction ends."""
    for state, delta in deltas.items():
        run.counts[state] += delta


def leave_out(run: LockedRun, reasons: Mapping[str, int], *, left: str = "") -> None:
    """Count people left out, by reason, who came from the state ``left``, if from any."""
    run.left_out.update(reasons)
    count = sum(reasons.values())
    tally(run, {"suppressed": count} | ({left: -count} if left else {}))


def advance_position(run: LockedRun, position: int) -> None:
    """Move the claim cursor: nothing below it is untried. ``write_counts`` must follow."""
    run.claim_cursor = max(run.claim_cursor, position)


def write_counts(run: LockedRun) -> None:
    """Write the counters if they changed. The row is locked, so they are written as they stand."""
    if run.standing == run.stored and not any(run.left_out.values()):
        return
    *values, run_id = counts_values(run)
    with connection.cursor() as cursor:
        if any(run.left_out.values()):
            reasons = [run.left_out[code] for code in LeftOut.values]
            more = [*values, *reasons, run_id]
            dialect.execute(cursor, "vestnik_write_left_out", _WITH_REASONS, more)
        else:
            dialect.execute(cursor, "vestnik_write_counts", _AS_THEY_STAND, [*values, run_id])
    run.stored = run.standing
    run.left_out.clear()


def counts_values(run: LockedRun) -> list[Any]:
    """The parameters of the statement that writes the counters."""
    *values, cursor = run.standing
    return [*values, dialect.time_value(run.now), run.rate, cursor, run.id]


def defer(run: LockedRun, reason: str, until: datetime | None, detail: Response = NOTHING) -> None:
    """Every wait goes through here: reason, resume time (unless only a person can end it).

    Raises ValueError for a wait that would have no end.
    """
    if until is None and reason not in WITHOUT_TIME:
        raise ValueError(f"a wait for {reason} needs a resume time")
    state = Run.State.PAUSED if until is None else Run.State.DEFERRED
    Run.objects.filter(pk=run.id).exclude(state=Run.State.DONE).update(
        state=state, reason=reason, reason_detail=detail, deferred_until=until, rate=0.0
    )
    run.state = state
    _log_event(
        run, "run_waits", reason=str(reason), until=until and until.isoformat(), detail=detail
    )


def enqueue(run: LockedRun) -> None:
    """Back into the queue (or on with the preparation) when a wait is over."""
    state = Run.State.QUEUED if run.frozen else Run.State.PREPARING
    Run.objects.filter(pk=run.id).exclude(state=Run.State.DONE).update(
        state=state, reason="", reason_detail=NOTHING, deferred_until=None, queued_at=run.now
    )
    run.state = state


def yield_turn(run: LockedRun) -> None:
    """Back to its place in the queue: another run has its turn on the account."""
    Run.objects.filter(pk=run.id, state=Run.State.PROCESSING).update(
        state=Run.State.QUEUED, reason="", reason_detail=NOTHING, yielded_at=run.now, rate=0.0
    )
    run.state = Run.State.QUEUED
    _log_event(run, "run_gave_way")


def hand_to(run: LockedRun, account: str, *, channel: str = "") -> None:
    """Switch the run to another account, over another channel if that is named.

    It waits for its turn there.
    """
    run.channel = channel or run.channel
    Run.objects.filter(pk=run.id).exclude(state=Run.State.DONE).update(
        channel=run.channel,
        account=account,
        state=Run.State.QUEUED if run.frozen else Run.State.PREPARING,
        reason="",
        reason_detail=NOTHING,
        deferred_until=None,
        queued_at=run.now,
    )
    run.account, run.state = account, Run.State.QUEUED


def finish(run: LockedRun) -> bool:
    """Close the run when nothing is pending or in flight. True when it is closed now."""
    if run.left or not run.frozen or run.state == Run.State.DONE:
        return False
    if run.open_ended and not run.stopping and run.now < run.ends_at:
        _rest(run)
        return False
    run.outcome = outcome_of(run.counts, stopped=run.stopping)
    Run.objects.filter(pk=run.id).update(
        state=Run.State.DONE,
        outcome=run.outcome,
        reason="",
        reason_detail=NOTHING,
        deferred_until=None,
        finished_at=run.now,
        rate=0.0,
    )
    Mailing.objects.filter(pk=run.mailing_id).update(status=Mailing.Status.COMPLETED)
    run.state = Run.State.DONE
    counts = {state: count for state, count in run.counts.items() if count}
    _log_event(run, "run_done", outcome=run.outcome, **counts)
    return True


def _rest(run: LockedRun) -> None:
    """Nobody is left to be sent to: wait for the next arrival, unless a person holds the run."""
    if run.state == Run.State.PAUSED:
        return
    Run.objects.filter(pk=run.id).update(
        state=Run.State.DEFERRED,
        reason=Run.Reason.BETWEEN_ARRIVALS,
        reason_detail=NOTHING,
        deferred_until=None,
        rate=0.0,
    )
    run.state = Run.State.DEFERRED


def wake_idle(run: LockedRun) -> None:
    """Somebody is pending again in a run that waits for arrivals."""
    idle = Run.objects.filter(pk=run.id, reason=Run.Reason.BETWEEN_ARRIVALS)
    if run.state == Run.State.DEFERRED and idle.exists():
        enqueue(run)


def _log_event(run: LockedRun, event: str, **facts: object) -> None:
    """A line in the log, once it is committed and so true."""
    about = {"mailing_id": run.mailing_id, "run": run.number, "account": run.account}
    transaction.on_commit(partial(log.info, event, **about, trigger=run.trigger, **facts))


def reopen(run: LockedRun) -> None:
    """Reopen a closed run that has pending deliveries again: put it back into the queue."""
    Run.objects.filter(pk=run.id).update(
        state=Run.State.QUEUED, outcome="", finished_at=None, queued_at=run.now
    )
    Mailing.objects.filter(pk=run.mailing_id).update(status=Mailing.Status.RUNNING)
    run.state, run.outcome = Run.State.QUEUED, ""


def recompute_outcome(run: LockedRun) -> None:
    """Update a closed run's outcome after a late report changed its counters."""
    found = outcome_of(run.counts, stopped=run.stopping)
    if run.state == Run.State.DONE and found != run.outcome:
        Run.objects.filter(pk=run.id).update(outcome=found)
        run.outcome = found
