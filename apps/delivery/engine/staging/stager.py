"""Brings the files of runs, a committed step at a time: a process goes on where another was killed.

1. Deliveries get their rows, in the order of their ids: what lies here is found at once.
2. What lies behind addresses is fetched; the bytes are on the disk before a row says so.
3. When nothing is waited for, the run goes into its queue. A delivery that is put back into the run
   later, or added to it, is brought on its own.

Every step takes the run's lock, so that a run that was paused or stopped meanwhile is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Min, Q, QuerySet

from apps.delivery.engine.staging.fetching import Fetch, Fetched, fetch, fetch_all
from apps.delivery.engine.staging.plan import Plan, look_at, take
from apps.mailings.ledger import dialect, freeze, runs
from apps.mailings.ledger.staging import moves
from apps.mailings.models import Delivery, DeliveryFile, Run, RunFiles

log = structlog.get_logger(__name__)

Stopping = Callable[[], bool]

#: Deliveries of one transaction; transactions of one run, and addresses that are asked for it,
#: before others have their turn.
CHUNK: Final = 200
CHUNKS: Final = 20
ASKED: Final = 1000
_STATES: Final = DeliveryFile.State


@dataclass(frozen=True, slots=True)
class Staged:
    """What a turn of one run came to. ``woken``: something of it may be sent; ``more``: it has
    not had all its deliveries looked at."""

    woken: bool = False
    more: bool = False


def runs_to_stage() -> list[int]:
    """Open runs whose recipients get files of their own, the oldest first."""
    rows = RunFiles.objects.exclude(run__state__in=[Run.State.DONE, Run.State.PAUSED])
    return list(rows.order_by("run_id").values_list("run_id", flat=True))


def stage_all(stopping: Stopping, fetch: Fetch = fetch) -> bool:
    """Bring what can be brought now, of every run in turns: a small one does not wait for a large
    one. True: something may be sent."""
    woken, ids = False, runs_to_stage()
    while ids and not stopping():
        left = []
        for run_id in ids:
            turn = stage(run_id, stopping, fetch)
            woken = woken or turn.woken
            left += [run_id] if turn.more else []
        ids = left
    return woken


def stage(run_id: int, stopping: Stopping, fetch: Fetch = fetch) -> Staged:
    """Bring what can be brought now for one run, in one turn."""
    files = RunFiles.objects.select_related("run").filter(run_id=run_id).first()
    if files is None:
        return Staged()
    plan = Plan.of(files, files.run)
    if files.staged_at is not None:
        return Staged(_bring_late(plan, stopping, fetch))
    if _begin_rows(plan, stopping):
        return Staged(more=True)
    _look_again(plan, stopping)
    for found in fetch_all(_askable(plan), stopping, fetch):
        with transaction.atomic():
            run = _held(run_id)
            if run is None:
                return Staged()
            take(run, plan, found)
            moves.next_look(run, None)
    return Staged(not stopping() and _let_go(plan))


def _held(run_id: int) -> runs.LockedRun | None:
    """The run under its lock, if it still stands still for its files."""
    run = runs.lock(run_id)
    return run if run is not None and moves.is_held(run) and run.now < run.ends_at else None


def _begin_rows(plan: Plan, stopping: Stopping) -> bool:
    """Give every delivery its rows, once. True: some are left for the next turn."""
    for _chunk in range(CHUNKS):
        if stopping():
            return False
        with transaction.atomic():
            run = _held(plan.run_id)
            cursor = RunFiles.objects.values_list("cursor", flat=True).get(run_id=plan.run_id)
            found = _deliveries(plan.run_id, after=cursor) if run is not None else []
            if run is None or not found:
                return False
            look_at(run, plan, found)
            RunFiles.objects.filter(run_id=plan.run_id).update(cursor=found[-1].pk)
            moves.next_look(run, None)
    return True


def _look_again(plan: Plan, stopping: Stopping) -> None:
    """Look anew for what was put back into the run, or waited for an archive to be unpacked."""
    after = 0
    while not stopping():
        with transaction.atomic():
            run = _held(plan.run_id)
            found = _deliveries(plan.run_id, _unsettled(plan), after) if run is not None else []
            if run is None or not found:
                return
            look_at(run, plan, found)
            after = found[-1].pk


def _deliveries(
    run_id: int, some: QuerySet[DeliveryFile] | None = None, after: int = 0
) -> list[Delivery]:
    """The next pending deliveries, those of these rows."""
    rows = Delivery.objects.filter(run_id=run_id, pk__gt=after, state=Delivery.State.PENDING)
    if some is not None:
        rows = rows.filter(pk__in=some.values("delivery_id"))
    return list(rows.select_related("recipient").order_by("pk")[:CHUNK])


def _unsettled(plan: Plan) -> QuerySet[DeliveryFile]:
    """Rows of what must be there and is not, and of what waits for an archive."""
    rows = DeliveryFile.objects.filter(run_id=plan.run_id)
    failed = Q(state=_STATES.FAILED, number__in=plan.required)
    return rows.filter(failed | Q(state=_STATES.WAITING) & ~Q(number__in=plan.fetched))


def _waiting(plan: Plan) -> QuerySet[DeliveryFile]:
    """Rows of pending deliveries that are waited for."""
    rows = DeliveryFile.objects.filter(run_id=plan.run_id, state=_STATES.WAITING)
    return rows.filter(delivery__state=Delivery.State.PENDING)


def _askable(plan: Plan, ids: Sequence[int] | None = None) -> list[DeliveryFile]:
    """Rows whose address may be asked now."""
    now = dialect.database_now()
    rows = _waiting(plan).filter(Q(not_before=None) | Q(not_before__lte=now))
    rows = rows.filter(number__in=plan.fetched)
    if ids is not None:
        rows = rows.filter(delivery_id__in=ids)
    return list(rows.order_by("pk")[:ASKED])


@transaction.atomic
def _let_go(plan: Plan) -> bool:
    """Let the run into its queue when nothing is waited for. True: it may be sent."""
    run = _held(plan.run_id)
    if run is None:
        return False
    waiting = _waiting(plan).aggregate(at=Min("not_before"))
    if _waiting(plan).exists() or _deliveries(plan.run_id, _unsettled(plan)):
        at: datetime | None = waiting["at"]
        moves.next_look(run, at if at is not None and at > run.now else None)
        return False
    moves.release(run)
    freeze.close(run)
    facts = {"mailing_id": run.mailing_id, "run": run.number}
    transaction.on_commit(lambda: log.info("files_staged", **facts))
    return run.state == Run.State.QUEUED


def _bring_late(plan: Plan, stopping: Stopping, fetch: Fetch) -> bool:
    """Bring the files of those who were put back into a run that is being sent, or added to it."""
    ids = moves.waiting(plan.run_id, ASKED)
    if not ids:
        return False
    done: set[int] = set()
    for start in range(0, len(ids), CHUNK):
        done |= _settled_late(plan, partial(_look_at_some, plan, ids[start : start + CHUNK]))
    for found in fetch_all(_askable(plan, ids), stopping, fetch):
        done |= _settled_late(plan, partial(_take_some, plan, found))
    return bool(done)


def _look_at_some(plan: Plan, ids: Sequence[int], run: runs.LockedRun) -> set[int]:
    rows = Delivery.objects.filter(pk__in=ids, state=Delivery.State.PENDING)
    return look_at(run, plan, list(rows.select_related("recipient")))


def _take_some(plan: Plan, found: Sequence[Fetched], run: runs.LockedRun) -> set[int]:
    return take(run, plan, found)


@transaction.atomic
def _settled_late(plan: Plan, act: Callable[[runs.LockedRun], set[int]]) -> set[int]:
    """Deliveries that have all they wait for, after this act in a run that is open."""
    run = runs.lock(plan.run_id)
    if run is None or run.state == Run.State.DONE:
        return set()
    done = act(run)
    moves.bring_on(run, sorted(done))
    runs.finish(run)
    return done
