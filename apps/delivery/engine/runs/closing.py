"""Close a run: expire the deliveries whose time is over, then mark the run done."""

from __future__ import annotations

from django.db import transaction

from apps.core.responses.stored import coded
from apps.mailings.ledger import runs, transitions
from apps.mailings.models import Run


def close_out(run_id: int, *, chunks: int = 1_000_000) -> bool:
    """Expire or cancel what is pending when the run is over, and finish it when nothing is left.

    In committed chunks, at most so many; safe to be called by anybody at any time. True when the
    run is done.
    """
    for _chunk in range(chunks):
        with transaction.atomic():
            run = runs.lock(run_id)
            if run is None or run.state == Run.State.DONE:
                return True
            if run.stopping and not run.frozen:
                _give_up_freezing(run)
            closed = _close_some(run)
            if runs.finish(run):
                return True
        if not closed:
            return False
    return False


def close_stopping() -> None:
    """Continue closing the stopped runs."""
    rows = Run.objects.filter(stopping=True).exclude(state=Run.State.DONE)
    for run_id in rows.values_list("pk", flat=True):
        close_out(run_id)


def _close_some(run: runs.LockedRun) -> int:
    if run.stopping:
        return transitions.close_pending(run, "cancelled", coded("run_stopped"))
    if run.now >= run.ends_at:
        if not run.frozen:
            _give_up_freezing(run)
        return transitions.close_pending(run, "expired", coded("window_ended"))
    return 0


def _give_up_freezing(run: runs.LockedRun) -> None:
    """Give up freezing: the audience stays as it is, and nothing is added."""
    Run.objects.filter(pk=run.id).update(frozen_at=run.now)
    run.frozen = True
