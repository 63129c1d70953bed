"""The choice of a run's route: a wait on one channel does not hold the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import structlog

from apps.core.responses.stored import NOTHING, Response
from apps.delivery.accounts import state_row
from apps.mailings.ledger import routes, runs
from apps.mailings.models import RunRoute

log = structlog.get_logger(__name__)


def defer_route(
    run: runs.LockedRun, reason: str, until: datetime | None, detail: Response = NOTHING
) -> None:
    """Defer the present channel and switch to another one meanwhile.

    When all of them wait, the run does, for the first whose wait is over.
    """
    routes.suspend(run, reason, until, detail)
    if _switch(run, _others(run)):
        return
    waiting = [one for one in _others(run) if one.until is not None]
    first = min(waiting, key=lambda route: route.until, default=None)
    if first is not None and (until is None or first.until < until):
        runs.hand_to(run, first.account, channel=first.channel)
        runs.defer(run, first.reason, first.until, first.reason_detail)
    else:
        runs.defer(run, reason, until, detail)


def next_route(run: runs.LockedRun) -> None:
    """Nobody is left on the channel that the run is on: the turn of the others."""
    others = _others(run)
    if not others or _switch(run, others):
        return
    # Each of them waits: the run stands where the first wait ends.
    first = min(others, key=lambda one: (one.until is None, one.until or run.now))
    runs.hand_to(run, first.account, channel=first.channel)
    runs.defer(run, first.reason, first.until, first.reason_detail)


def return_to_earlier(run: runs.LockedRun, earlier: Sequence[str]) -> bool:
    """Hand the run back to one of these channels whose wait is over. True: it was."""
    rows = RunRoute.objects.filter(run_id=run.id, channel__in=earlier).exclude(reason="")
    rows = rows.exclude(channel=run.channel).order_by("position")
    return _switch(run, (route for route in rows if routes.has_pending(run, route.channel)))


def _others(run: runs.LockedRun) -> list[RunRoute]:
    """The other routes that have pending deliveries, in their order."""
    rows = RunRoute.objects.filter(run_id=run.id).exclude(channel=run.channel).order_by("position")
    return [route for route in rows if routes.has_pending(run, route.channel)]


def _switch(run: runs.LockedRun, candidates: Iterable[RunRoute]) -> bool:
    """Turn to the first of these that need not wait."""
    route = next((one for one in candidates if not _waits(one, run.now)), None)
    if route is None:
        return False
    log.info("way_changed", mailing_id=run.mailing_id, run=run.number, channel=route.channel)
    routes.switch_to(run, route)
    return True


def _waits(route: RunRoute, now: datetime) -> bool:
    if not route.reason:
        return False
    return (
        route.until > now
        if route.until is not None
        else not state_row(route.account).is_available(now)
    )
