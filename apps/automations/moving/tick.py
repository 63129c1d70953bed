"""The tick: claim who is due, do the step for all of them at once, commit; until nobody is due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import structlog
from django.db import DatabaseError, IntegrityError, transaction

from apps.automations.counting import Tally
from apps.automations.models import Enrolment, Step
from apps.automations.moving.acting import act
from apps.automations.moving.batch import Batch
from apps.automations.moving.branching import condition, leave, split
from apps.automations.moving.claiming import Claim, claim
from apps.automations.moving.exits import leaving
from apps.automations.moving.sending import send
from apps.automations.moving.waiting import wait
from apps.automations.recording import Outcome, record
from apps.automations.services.people import locked

log = structlog.get_logger(__name__)

State = Enrolment.State

#: What each kind of step does for its people.
STEPS: Final[Mapping[str, Callable[[Batch], Outcome]]] = {
    Step.Kind.SEND: send,
    Step.Kind.WAIT: wait,
    Step.Kind.CONDITION: condition,
    Step.Kind.SPLIT: split,
    Step.Kind.ACT: act,
    Step.Kind.EXIT: leave,
}


def move_due(now: Callable[[], datetime], stopping: Callable[[], bool] = lambda: False) -> int:
    """Move everybody who is due. ``now`` is asked anew for each batch. Returns how many steps."""
    count = 0
    while not stopping():
        found = claim(now())
        if found is None:
            break
        _move(found, found.ids, now())
        count += len(found.ids)
    return count


def _move(found: Claim, ids: list[int], now: datetime) -> None:
    """One transaction; where something is wrong with one of them, the others are moved without.

    A database that is away is nobody's fault: they stay claimed, and wait again when the lease
    ends.
    """
    try:
        with transaction.atomic():
            _step(found, ids, now)
    except DatabaseError as error:
        if not isinstance(error, IntegrityError):
            raise
        _halve(found, ids, now, error)
    except Exception as error:  # a defect that one person meets must not stop the others
        _halve(found, ids, now, error)


def _halve(found: Claim, ids: list[int], now: datetime, error: Exception) -> None:
    if len(ids) > 1:
        middle = len(ids) // 2
        _move(found, ids[:middle], now)
        _move(found, ids[middle:], now)
        return
    log.error("automation_step_failed", enrolment_id=ids[0], error=repr(error)[:300])
    with transaction.atomic():
        _record(found, ids, now, lambda _batch: Outcome(failed={ids[0]: Enrolment.Failure.DEFECT}))


def _step(found: Claim, ids: list[int], now: datetime) -> None:
    _record(found, ids, now, _outcome)


def _record(
    found: Claim, ids: list[int], now: datetime, outcome: Callable[[Batch], Outcome]
) -> None:
    """Lock those that are still this worker's, and write down what becomes of them."""
    rows = locked(Enrolment.objects.filter(pk__in=ids, token=found.token))
    if not rows:
        return
    step = Step.objects.select_related("version__automation__owner").get(pk=found.step_id)
    tally = Tally()
    batch = Batch(step, step.version.automation.owner, rows, now, tally)
    record(step, outcome(batch), old=State.MOVING, now=now, tally=tally)
    tally.write()


def _outcome(batch: Batch) -> Outcome:
    left = leaving(batch)
    rest = [one for one in batch.rows if one.id not in left]
    out = STEPS[batch.step.kind](batch.of(rest)) if rest else Outcome()
    out.left |= left
    return out
