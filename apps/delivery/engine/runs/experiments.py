"""The wait of a run for the decision of its experiment."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from apps.delivery.engine.routing.routes import defer_route
from apps.mailings.ledger import routes, runs
from apps.mailings.ledger.claim import Due
from apps.mailings.models import Delivery, Run
from apps.mailings.services.experiments.running import decision_at

#: A moment that has come without a decision is looked at again so soon.
_AGAIN: Final = timedelta(seconds=5)


def hold(run: runs.LockedRun, due: Due | None) -> bool:
    """Defer the channel until the decision, unless somebody of the sample is ``due`` before.

    The sample has been claimed to its last place. False: nobody waits for the decision, or some of
    the sample are sent to later in their own day: the moment is counted from the last of them.
    """
    if due is None and not routes.has_pending(run, run.channel):
        return False
    if due is not None and due.at <= run.now:
        return False
    if due is not None and _waits_for_hours(run):
        return False
    at = decision_at(run)
    if due is not None and (at is None or due.at < at):
        return False
    if at is None:
        defer_route(run, Run.Reason.EXPERIMENT_UNDECIDED, None)
    else:
        until = min(max(at, run.now + _AGAIN), run.ends_at)
        defer_route(run, Run.Reason.EXPERIMENT, until)
    return True


def _waits_for_hours(run: runs.LockedRun) -> bool:
    """True if anybody of the sample was never tried, and waits for nothing but an hour."""
    rows = Delivery.objects.filter(run_id=run.id, channel=run.channel, position__lte=0)
    return rows.filter(state="pending", tries=0, response="", not_before__isnull=False).exists()
