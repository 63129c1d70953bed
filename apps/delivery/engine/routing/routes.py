"""Which of its channels a run goes on over: a wait on one of them does not hold the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import structlog

from apps.core.responses.stored import NOTHING, Response
from apps.delivery.accounts import state_row
from apps.mailings.ledger import routes, runs
from apps.mailings.models import RunWay

log = structlog.get_logger(__name__)


def put_off(
    run: runs.LockedRun, reason: str, until: datetime | None, detail: Response = NOTHING
) -> None:
    """The channel that the run is on has to wait: another one goes on meanwhile.

    When all of them wait, the run does, for the first whose wait is over.
    """
    routes.shut(run, reason, until, detail)
    if _turn(run, _others(run)):
        return
    waiting = [way for way in _others(run) if way.until is not None]
    first = min(waiting, key=lambda way: way.until, default=None)
    if first is not None and (until is None or first.until < until):
        runs.hand_to(run, first.account, channel=first.channel)
        runs.defer(run, first.reason, first.until, first.reason_detail)
    else:
        runs.defer(run, reason, until, detail)


def go_on(run: runs.LockedRun) -> None:
    """Nobody is left on the channel that the run is on: the turn of the others."""
    others = _others(run)
    if not others or _turn(run, others):
        return
    # Each of them waits: the run stands where the first wait ends.
    first = min(others, key=lambda way: (way.until is None, way.until or run.now))
    runs.hand_to(run, first.account, channel=first.channel)
    runs.defer(run, first.reason, first.until, first.reason_detail)


def call_back(run: runs.LockedRun, earlier: Sequence[str]) -> bool:
    """Hand the run back to one of these channels whose wait is over. True: it was."""
    rows = RunWay.objects.filter(run_id=run.id, channel__in=earlier).exclude(reason="")
    rows = rows.exclude(channel=run.channel).order_by("place")
    return _turn(run, (way for way in rows if routes.anybody(run, way.channel)))


def _others(run: runs.LockedRun) -> list[RunWay]:
    """The other ways on which somebody is pending, in their order."""
    rows = RunWay.objects.filter(run_id=run.id).exclude(channel=run.channel).order_by("place")
    return [way for way in rows if routes.anybody(run, way.channel)]


def _turn(run: runs.LockedRun, candidates: Iterable[RunWay]) -> bool:
    """Turn to the first of these that need not wait."""
    way = next((way for way in candidates if not _waits(way, run.now)), None)
    if way is None:
        return False
    log.info("way_changed", mailing_id=run.mailing_id, run=run.number, channel=way.channel)
    routes.turn_to(run, way)
    return True


def _waits(way: RunWay, now: datetime) -> bool:
    if not way.reason:
        return False
    return way.until > now if way.until is not None else not state_row(way.account).fit(now)
