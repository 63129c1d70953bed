"""What the files of single recipients do to a run and its deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import F

from apps.core.responses.stored import NOTHING, Response, coded
from apps.mailings.ledger import dialect, runs
from apps.mailings.ledger.record import Settled, write_attempts
from apps.mailings.ledger.runs import LockedRun
from apps.mailings.models import Delivery, Run, RunFiles

#: What a delivery says that waits for its files.
WAITS: Final = coded("files_wait")
#: Waits for the recipients' files alone.
_FILES: Final = Run.Reason.FILES


def hold(run: LockedRun) -> bool:
    """Keep a run whose audience is whole from the queue until its files are there. True: it is."""
    files = RunFiles.objects.filter(run_id=run.id, staged_at=None).first()
    if files is None:
        return False
    total = run.counts["pending"] * len(files.wanted)
    RunFiles.objects.filter(pk=files.pk, total=0).update(total=total)
    mine = Run.objects.filter(pk=run.id, state=Run.State.PREPARING)
    mine.update(reason=_FILES, reason_detail=_how_far(run), last_progress_at=run.now)
    return True


def is_held(run: LockedRun) -> bool:
    """True while the run stands still for its files, before anything is sent."""
    mine = Run.objects.filter(pk=run.id, state=Run.State.PREPARING, reason=_FILES)
    return not run.stopping and mine.exists()


def release(run: LockedRun) -> None:
    """The files are there, or known not to come: nothing holds the run for them any more."""
    RunFiles.objects.filter(run_id=run.id).update(staged_at=run.now, updated_at=run.now)
    Run.objects.filter(pk=run.id).update(reason="", reason_detail=NOTHING, deferred_until=None)


def next_look(run: LockedRun, at: datetime | None) -> None:
    """How far the files are, and when the earliest is asked for again; None: they are coming."""
    Run.objects.filter(pk=run.id).update(
        deferred_until=at, reason_detail=_how_far(run), last_progress_at=run.now
    )


def _how_far(run: LockedRun) -> Response:
    settled, total = RunFiles.objects.values_list("settled", "total").get(run_id=run.id)
    return coded("files_count", min(settled, total), total)


def count_settled(run: LockedRun, count: int) -> None:
    """So many more files are there, or known not to come."""
    RunFiles.objects.filter(run_id=run.id).update(settled=F("settled") + count, updated_at=run.now)


def fail(run: LockedRun, found: Mapping[int, Response]) -> int:
    """These pending deliveries cannot be sent, for the want of a file. Returns how many they were.

    Each leaves an attempt, as a message does that cannot be built.
    """
    if not found:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mailings_delivery SET state = 'failed', code = 0, response = o.response,"
            " not_before = NULL, changed_at = %s, tries = tries + 1"
            f" FROM {dialect.recordset({'id': 'bigint', 'response': 'text'})}"
            " WHERE mailings_delivery.id = o.id AND mailings_delivery.run_id = %s"
            " AND mailings_delivery.state = 'pending'"
            " RETURNING mailings_delivery.id, mailings_delivery.recipient_id",
            [dialect.time_value(run.now), dialect.recordset_value(list(found.items())), run.id],
        )
        rows = cursor.fetchall()
    tried = [Settled(pk, person, "failed", "failure", response=found[pk]) for pk, person in rows]
    write_attempts(run, tried, account=run.account)
    runs.move(run, {"failed": len(rows), "pending": -len(rows)})
    return len(rows)


def give_back(run: LockedRun, ids: Sequence[int], at: datetime, response: Response) -> None:
    """Claimed a moment ago, in the same transaction, and not to be sent before ``at``."""
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mailings_delivery SET state = 'pending', not_before = %s, response = %s,"
            f" changed_at = %s WHERE run_id = %s AND {dialect.any_of('id')} AND state = 'sending'",
            [
                dialect.time_value(at),
                response,
                dialect.time_value(run.now),
                run.id,
                dialect.ids_value(list(ids)),
            ],
        )
        count = cursor.rowcount
    runs.tally(run, {"pending": count, "sending": -count})


def waiting(run_id: int, most: int) -> list[int]:
    """Deliveries of a run that is being sent which wait for their files."""
    rows = Delivery.objects.filter(
        run_id=run_id,
        indexed_state=Delivery.State.PENDING,
        not_before__isnull=False,
        response=WAITS,
    )
    return list(rows.order_by("pk").values_list("pk", flat=True)[:most])


def bring_on(run: LockedRun, ids: Sequence[int]) -> None:
    """Their files are there: they are due now, and a run that stood still for them goes on."""
    rows = Delivery.objects.filter(run_id=run.id, pk__in=ids, state=Delivery.State.PENDING)
    rows.filter(response=WAITS).update(not_before=run.now, response=NOTHING)
    if Run.objects.filter(pk=run.id, state=Run.State.DEFERRED, reason=_FILES).exists():
        runs.enqueue(run)
