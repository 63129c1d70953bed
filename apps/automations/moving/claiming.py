"""Who is due: claimed for one step at a time, with a token and a lease."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from apps.automations.counting import Tally
from apps.automations.models import Enrolment, Step

log = structlog.get_logger(__name__)

#: Enrolments that are moved in one transaction.
MOST: Final = 1_000
#: A worker that has not come back after so long is dead.
LEASE: Final = timedelta(minutes=5)
State = Enrolment.State


@dataclass(frozen=True, slots=True)
class Claim:
    """Enrolments in this worker's hands."""

    step_id: int
    token: int
    count: int


def claim(now: datetime) -> Claim | None:
    """Claim those who are due at the step where somebody has waited longest. None: nobody is.

    Committed at once: who is claimed is nobody else's until the lease ends.
    """
    for step_id, version_id in _due_steps(now):
        with transaction.atomic():
            rows = Enrolment.objects.idle().filter(step_id=step_id, due_at__lte=now)
            due = rows.order_by("due_at", "pk").select_for_update(skip_locked=True)
            found = list(due.values_list("pk", "state")[:MOST])
            if not found:
                continue  # others were quicker
            token = secrets.randbits(62)
            Enrolment.objects.filter(pk__in=[pk for pk, _state in found]).update(
                state=State.MOVING, token=token, lease_until=now + LEASE, changed_at=now
            )
            tally = Tally()
            for state, count in Counter(state for _pk, state in found).items():
                tally.moved(version_id, state, State.MOVING, count)
            tally.write()
        return Claim(step_id, token, len(found))
    return None


def _due_steps(now: datetime) -> list[tuple[int, int]]:
    """Steps with their versions at which somebody is due, the longest wait first.

    One look into the index for each step of what may move at which anybody is, however many wait.
    """
    due = Enrolment.objects.idle().filter(step=OuterRef("pk"), due_at__lte=now)
    moving = Step.objects.filter(
        came__gt=F("gone"),
        version__automation__state__in=("active", "stopping"),
        version__automation__is_active=True,
        version__automation__owner__is_active=True,
    )
    first = moving.annotate(first=Subquery(due.order_by("due_at").values("due_at")[:1]))
    found = first.order_by().values_list("first", "pk", "version_id")
    due_first = sorted(row for row in found if row[0] is not None)
    return [(step_id, version_id) for _moment, step_id, version_id in due_first]


def recover(now: datetime) -> int:
    """Whom a dead worker held waits again: what it did not commit was not done. How many."""
    with transaction.atomic():
        rows = Enrolment.objects.filter(state=State.MOVING, lease_until__lt=now)
        rows = rows.order_by("lease_until")  # the index of the leases, not all rows by their ids
        held = list(rows.select_for_update(skip_locked=True).values_list("pk", "version_id"))
        if not held:
            return 0
        Enrolment.objects.filter(pk__in=[pk for pk, _version in held]).update(
            state=State.WAITING, token=None, lease_until=None, changed_at=now
        )
        tally = Tally()
        for version_id, count in Counter(version_id for _pk, version_id in held).items():
            tally.moved(version_id, State.MOVING, State.WAITING, count)
        tally.write()
    log.warning("automation_worker_recovered", count=len(held))
    return len(held)
