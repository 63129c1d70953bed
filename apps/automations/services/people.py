"""What is done to those inside: enrol, remove, try again, skip a step.

Refused
└─ NotEnrolled   not_enrolled   nobody comes in now, or there is nobody of whom this could be done
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog
from django.db import transaction
from django.db.models import CharField, QuerySet, Value
from django.utils.translation import gettext as _

from apps.automations.counting import Tally
from apps.automations.enrolling import CHUNK, enrol, entrance_of
from apps.automations.models import Automation, Enrolment, Step
from apps.automations.models.automation import Left
from apps.automations.models.enrolment import LIVE
from apps.automations.recording import Here, Outcome, record
from apps.core.audit.acts import Act
from apps.core.audit.log import record as note_act
from apps.core.errors import Refused
from apps.mailings.models import Recipient

log = structlog.get_logger(__name__)

#: Enrolments that one transaction changes.
_SOME: Final = 1_000
State = Enrolment.State


class NotEnrolled(Refused):
    """Nobody comes in now, or there is nobody of whom this could be done."""

    code = "not_enrolled"


def enrol_people(
    *, automation: Automation, people: QuerySet[Recipient], now: datetime, cause: str = ""
) -> int:
    """Let these recipients of the owner in, by the rule of re-entry. Returns how many came.

    In committed chunks, each of at most 10 000. ``cause``: with the same one nobody comes twice.
    Raises NotEnrolled for an automation that takes nobody in.
    """
    automation = Automation.objects.select_related("version").get(pk=automation.pk)
    entrance = entrance_of(automation)
    if entrance is None:
        raise NotEnrolled(_("This automation is not active: nobody comes in."))
    mine = people.filter(owner_id=automation.owner_id)
    marked = mine.annotate(cause=Value(cause, output_field=CharField()))
    ordered = mine.order_by("pk").values_list("pk", flat=True)
    total = after = 0
    while (last := _end_of_chunk(ordered.filter(pk__gt=after))) is not None:
        with transaction.atomic():
            count = enrol(entrance, marked.filter(pk__gt=after, pk__lte=last), now=now)
            if count:
                note_act(Act.CHANGED, automation, details={"enrolled": count}, count=count)
        total, after = total + count, last
    log.info("people_enrolled", automation_id=automation.pk, count=total)
    return total


def _end_of_chunk(ids: QuerySet[Recipient, int]) -> int | None:
    found = ids[CHUNK - 1 : CHUNK].first()
    return found if found is not None else ids.last()


def remove(*, enrolments: QuerySet[Enrolment], now: datetime) -> int:
    """Let these leave at once, with the reason "removed manually". Returns how many."""
    return _each_step(enrolments, LIVE, now, Left.REMOVED)


def leave_all(*, automation: Automation, now: datetime) -> int:
    """Everybody leaves, for the automation is stopped. Returns how many."""
    return _each_step(Enrolment.objects.of(automation), LIVE, now, Left.STOPPED)


def forget_erased(now: datetime) -> int:
    """Those without a recipient leave: the person was erased. Returns how many."""
    rows = Enrolment.objects.filter(recipient__isnull=True)
    return _each_step(rows, LIVE, now, Left.ERASED)


def retry_failed(*, enrolments: QuerySet[Enrolment], now: datetime) -> int:
    """Let the failed of these try their step again. Returns how many. Raises NotEnrolled."""
    count = 0
    while rows := _next(enrolments, (State.FAILED,)):
        with transaction.atomic():
            ids = [pk for pk, _step, _state in rows]
            failed = Enrolment.objects.filter(pk__in=ids, state=State.FAILED).select_for_update()
            tally = Tally()
            for version_id, step_rows in _by_version(failed).items():
                Enrolment.objects.filter(pk__in=step_rows).update(
                    state=State.WAITING, reason="", begun=False, due_at=now, changed_at=now
                )
                tally.moved(version_id, State.FAILED, State.WAITING, len(step_rows))
                count += len(step_rows)
            tally.write()
            _note("retried", len(ids))
    return _some(count)


def skip_failed(*, enrolments: QuerySet[Enrolment], now: datetime) -> int:
    """Let the failed of these pass over their step. Returns how many. Raises NotEnrolled."""
    return _some(_each_step(enrolments, (State.FAILED,), now, None))


def _some(count: int) -> int:
    if not count:
        raise NotEnrolled(_("Nobody has failed here."))
    return count


def _by_version(rows: QuerySet[Enrolment]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for pk, version_id in rows.values_list("pk", "version_id"):
        found.setdefault(version_id, []).append(pk)
    return found


def _next(rows: QuerySet[Enrolment], states: Sequence[str]) -> list[tuple[int, int, str]]:
    """The next of them, with step and state."""
    found = rows.filter(state__in=states).order_by("pk")
    return list(found.values_list("pk", "step_id", "state")[:_SOME])


def _each_step(
    enrolments: QuerySet[Enrolment],
    states: Sequence[str],
    now: datetime,
    reason: str | None,
) -> int:
    """Let them leave, or (None) go on to the next step; in chunks, a step and a state at a time."""
    count = 0
    while rows := _next(enrolments, states):
        named = {step_id for _pk, step_id, _state in rows}
        steps = Step.objects.select_related("version__automation").in_bulk(named)
        with transaction.atomic():
            tally = Tally()
            for step_id, state in sorted({(step_id, state) for _pk, step_id, state in rows}):
                ids = [pk for pk, *rest in rows if tuple(rest) == (step_id, state)]
                here = locked(Enrolment.objects.filter(pk__in=ids, state=state, step_id=step_id))
                out = Outcome()
                found = [one.id for one in here]
                if reason is None:
                    out.gone = dict.fromkeys(found, "next")
                else:
                    out.left = dict.fromkeys(found, reason)
                record(steps[step_id], out, old=state, now=now, tally=tally)
                count += len(here)
            tally.write()
            if reason in (None, Left.REMOVED):  # what the program ends is in the enrolments alone
                _note(reason or "skipped", len(rows))
    return count


def _note(what: str, count: int) -> None:
    note_act(Act.CHANGED, Enrolment, details={"what": what}, count=count)


def locked(rows: QuerySet[Enrolment]) -> list[Here]:
    """These rows, locked by this transaction."""
    columns = ("pk", "recipient_id", "begun", "due_at", "step_since", "until")
    found = rows.select_for_update().order_by("pk")
    values = found.values_list(*columns, "delivery_id", "steps_taken")
    return [Here(pk, recipient or 0, *rest) for pk, recipient, *rest in values]
