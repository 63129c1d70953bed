"""What a step did for its people becomes rows: done, moved on, counted, in one transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from django.db import connection
from django.db.models import F

from apps.automations.announcing import Happened, Kind, announce
from apps.automations.counting import Tally
from apps.automations.models import Enrolment, Step

T = TypeVar("T")
State = Enrolment.State

_DONE: Final = """
INSERT INTO automations_stepdone (enrolment_id, step_id, visit, way, delivery_id, done_at)
SELECT e.id, %s, 1 + (SELECT count(*) FROM automations_stepdone d
    WHERE d.enrolment_id = e.id AND d.step_id = %s), %s, {letter}, %s
FROM automations_enrolment e WHERE e.id IN ({ids})
"""


@dataclass(frozen=True, slots=True)
class Here:
    """One enrolment at the step. ``was``: its state before somebody took it in hand."""

    id: int
    recipient_id: int
    begun: bool
    due_at: datetime
    step_since: datetime
    until: datetime | None
    delivery_id: int | None
    steps_taken: int


@dataclass(slots=True)
class Outcome:
    """What becomes of each: one of these, by the ids of the enrolments.

    ``gone``: on by this way; ``stays``: look again then; ``unknown``: the same, while nobody knows
    what became of the letter. ``untils`` and ``letters`` stand beside.
    """

    gone: dict[int, str] = field(default_factory=dict)
    stays: dict[int, datetime] = field(default_factory=dict)
    unknown: dict[int, datetime] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    left: dict[int, str] = field(default_factory=dict)
    ended: dict[int, str] = field(default_factory=dict)
    untils: dict[int, datetime] = field(default_factory=dict)
    letters: dict[int, int] = field(default_factory=dict)


def record(step: Step, out: Outcome, *, old: str, now: datetime, tally: Tally) -> None:
    """Write it down. The rows are locked by this transaction and in the state ``old``."""
    _keep_letters(out.letters)
    _keep_done(step, {**out.gone, **dict.fromkeys(out.ended, "end")}, now)
    _stay(step, out, old=old, now=now, tally=tally)
    _end(step, out, old=old, now=now, tally=tally)
    _go_on(step, out, old=old, now=now, tally=tally)
    announce(step.version.automation.owner_id, _happened(step, out), now)


def _happened(step: Step, out: Outcome) -> Iterator[Happened]:
    """What programs that listen are notified of."""
    finished = [pk for pk, path in out.gone.items() if not step.ways.get(path)]
    yield Happened(Kind.FINISHED, finished, step.key)
    several = ((Kind.FINISHED, out.ended), (Kind.LEFT, out.left), (Kind.FAILED, out.failed))
    for kind, found in several:
        for word, ids in _grouped(found).items():
            yield Happened(kind, ids, step.key, word)


def _keep_done(step: Step, paths: Mapping[int, str], now: datetime) -> None:
    """One row each, with the number of the visit, by one statement for each path."""
    letter = "e.delivery_id" if step.kind == Step.Kind.SEND else "NULL"
    stamp = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        for path, ids in _grouped(paths).items():
            places = ", ".join(["%s"] * len(ids))
            values = [step.pk, step.pk, path, stamp, *ids]
            cursor.execute(_DONE.format(letter=letter, ids=places), values)


def _keep_letters(letters: Mapping[int, int]) -> None:
    rows = [Enrolment(pk=pk, delivery_id=delivery) for pk, delivery in letters.items()]
    if rows:
        Enrolment.objects.bulk_update(rows, ["delivery_id"], batch_size=500)


def _stay(step: Step, out: Outcome, *, old: str, now: datetime, tally: Tally) -> None:
    untils = [Enrolment(pk=pk, until=until) for pk, until in out.untils.items()]
    if untils:
        Enrolment.objects.bulk_update(untils, ["until"], batch_size=500)
    for state, waits in ((State.WAITING, out.stays), (State.UNKNOWN, out.unknown)):
        for due_at, ids in _grouped(waits).items():
            _update(ids, now, state=state, due_at=due_at, begun=True)
        tally.moved(step.version_id, old, state, len(waits))


def _end(step: Step, out: Outcome, *, old: str, now: datetime, tally: Tally) -> None:
    for reason, ids in _grouped(out.failed).items():
        _update(ids, now, state=State.FAILED, reason=reason)
    tally.moved(step.version_id, old, State.FAILED, len(out.failed))
    for reason, ids in _grouped(out.left).items():
        _update(ids, now, state=State.LEFT, reason=reason)
        tally.moved(step.version_id, old, State.LEFT, len(ids), reason=reason)
    for reason, ids in _grouped(out.ended).items():
        _update(ids, now, state=State.FINISHED, reason=reason)
        tally.moved(step.version_id, old, State.FINISHED, len(ids))
    tally.gone(step.pk, len(out.left) + len(out.ended), left=len(out.left))


def _go_on(step: Step, out: Outcome, *, old: str, now: datetime, tally: Tally) -> None:
    following = Counter(step.ways.get(path, "") for path in out.gone.values())
    rows = Step.objects.filter(version_id=step.version_id, key__in=[*following])
    steps = dict(rows.values_list("key", "pk"))
    for path, ids in _grouped(out.gone).items():
        found = steps.get(step.ways.get(path, ""))
        if found is None:
            _update(ids, now, state=State.FINISHED, steps_taken=F("steps_taken") + 1)
            tally.moved(step.version_id, old, State.FINISHED, len(ids))
            continue
        _update(
            ids,
            now,
            state=State.WAITING,
            step_id=found,
            due_at=now,
            step_since=now,
            begun=False,
            until=None,
            reason="",
            steps_taken=F("steps_taken") + 1,
        )
        tally.moved(step.version_id, old, State.WAITING, len(ids))
        tally.came(found, len(ids))
    tally.gone(step.pk, len(out.gone))


def _update(ids: Iterable[int], now: datetime, **changes: object) -> None:
    rows = Enrolment.objects.filter(pk__in=list(ids))
    rows.update(token=None, lease_until=None, changed_at=now, **changes)


def _grouped(found: Mapping[int, T]) -> dict[T, list[int]]:
    groups: dict[T, list[int]] = defaultdict(list)
    for pk, value in found.items():
        groups[value].append(pk)
    return groups
