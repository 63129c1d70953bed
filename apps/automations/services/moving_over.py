"""Those inside an older version go over to the one in force, at the same step, in chunks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from django.db import transaction
from django.db.models import F

from apps.automations.counting import Tally
from apps.automations.models import Automation, AutomationVersion, Enrolment, Step

log = structlog.get_logger(__name__)

#: Enrolments that one transaction takes over.
SOME: Final = 1_000
State = Enrolment.State
#: Whom a worker holds goes over when the worker is done.
_FREE: Final = (State.WAITING, State.FAILED, State.UNKNOWN)


def move_over(now: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
    """Take over whom an activation said should go over. Returns how many.

    Who is at a step that the new version has not goes on in the old one, and comes over at the
    first step that both have.
    """
    rows = AutomationVersion.objects.filter(moves_over=True).exclude(pk=F("automation__version"))
    total = 0
    for version in rows.exclude(entered=F("finished") + F("left")).order_by("pk"):
        for old, new in _pairs(version):
            while not stopping() and (count := _some(old, new, now)):
                total += count
    if total:
        log.info("enrolments_went_over", count=total)
    return total


def _pairs(version: AutomationVersion) -> list[tuple[Step, Step]]:
    """The steps that both versions have: of the same key and kind."""
    force = Automation.objects.filter(pk=version.automation_id).values("version")
    mine = {(one.key, one.kind): one for one in version.steps.all()}
    theirs = Step.objects.filter(version__in=force).order_by("position")
    return [(old, new) for new in theirs if (old := mine.get((new.key, new.kind))) is not None]


@transaction.atomic
def _some(old: Step, new: Step, now: datetime) -> int:
    rows = Enrolment.objects.filter(step=old, state__in=_FREE).order_by("pk")
    found = rows.select_for_update(skip_locked=True).values_list("pk", "state")[:SOME]
    states = dict(found)
    if not states:
        return 0
    Enrolment.objects.filter(pk__in=states).update(
        version_id=new.version_id, step=new, changed_at=now
    )
    if new.kind == Step.Kind.WAIT and new.fields != old.fields:
        # It begins anew: what is waited for is another thing. A letter that is under way stays.
        waiting = Enrolment.objects.filter(pk__in=states, state=State.WAITING)
        waiting.update(begun=False, until=None, due_at=now)
    tally = Tally()
    for state, count in Counter(states.values()).items():
        tally.went_over(old.version_id, new.version_id, state, count)
    tally.gone(old.pk, len(states))
    tally.came(new.pk, len(states))
    tally.write()
    return len(states)
