"""People come in: one statement for any number of them, by the rule of re-entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import CharField, Exists, OuterRef, QuerySet, Value

from apps.automations.announcing import Happened, Kind, announce
from apps.automations.counting import Tally
from apps.automations.models import Automation, AutomationVersion, Enrolment, Step
from apps.mailings.models import Recipient

#: People that one transaction takes in.
CHUNK: Final = 10_000
#: Triggers that may begin several enrolments of one person at a time.
_OF_EVENTS: Final = frozenset({"event", "sent", "opened", "clicked", "tag"})
#: The column of a query that says which fact it is.
CAUSE: Final = "cause"

_CAUSES: Final[tuple[str, ...]] = (CAUSE,)

_INSERT: Final = """
INSERT INTO automations_enrolment
       (version_id, automation_id, recipient_id, step_id, state, reason, cause, several,
        entered_at, changed_at, due_at, begun, step_since, steps_taken)
SELECT %s, %s, a.id, %s, 'waiting', '', a.cause, %s, %s, %s, %s, %s, %s, 0
  FROM ({people}) a
 WHERE a.id > 0
    ON CONFLICT DO NOTHING
RETURNING id"""


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where people come in: the version in force, and its first step."""

    version: AutomationVersion
    step_id: int
    owner_id: int
    reentry: str
    days: int
    trigger: str

    @property
    def several(self) -> bool:
        """May a person be in it several times at once?"""
        return self.reentry == "always" and self.trigger in _OF_EVENTS


def entrance_of(automation: Automation) -> Entrance | None:
    """None while nobody comes in: it is a draft, stopping or archived. A paused one takes in."""
    if automation.version is None or automation.state not in ("active", "paused"):
        return None
    version: AutomationVersion = automation.version
    rule = version.definition.get("reentry", {})
    first = Step.objects.filter(version=version).order_by("position").values_list("pk", flat=True)
    return Entrance(
        version=version,
        step_id=first[:1].get(),
        owner_id=automation.owner_id,
        reentry=rule.get("kind", "once"),
        days=rule.get("days", 1),
        trigger=version.definition["trigger"]["kind"],
    )


def enrol(
    entrance: Entrance,
    people: QuerySet[Recipient],
    *,
    now: datetime,
    due_at: datetime | None = None,
    tally: Tally | None = None,
) -> int:
    """Let these of the owner's living recipients in, in the caller's transaction. Returns how many.

    ``people`` may have an annotation ``cause``: the fact for which each comes, once for each fact.
    The caller that gives a ``tally`` writes it.
    """
    if CAUSE not in people.query.annotations:
        people = people.annotate(cause=Value("", output_field=CharField()))
    mine = people.filter(owner_id=entrance.owner_id, archived_at__isnull=True)
    found: QuerySet[Any, Any] = _may_come(entrance, mine, now)
    rows = found.order_by().values("id", *_CAUSES)
    try:
        sql, params = rows.query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return 0
    stamp = connection.ops.adapt_datetimefield_value(now)
    due = connection.ops.adapt_datetimefield_value(due_at or now)
    version = entrance.version
    values: list[Any] = [version.pk, version.automation_id, entrance.step_id, entrance.several]
    values += [stamp, stamp, due, False, stamp]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT.format(people=sql), [*values, *params])
        fresh = [pk for (pk,) in cursor.fetchall()]
    count = len(fresh)
    if count:
        announce(entrance.owner_id, [Happened(Kind.ENTERED, fresh)], now)
        kept = tally or Tally()
        kept.entered(version.pk, entrance.step_id, count)
        if tally is None:
            kept.write()
    return count


def _may_come(
    entrance: Entrance, people: QuerySet[Recipient], now: datetime
) -> QuerySet[Recipient]:
    """Who is inside already is kept out by the unique index."""
    before = Enrolment.objects.filter(
        recipient_id=OuterRef("pk"), automation_id=entrance.version.automation_id
    )
    if entrance.reentry == "once":
        return people.filter(~Exists(before))
    if entrance.reentry == "days":
        since = now - timedelta(days=entrance.days)
        return people.filter(~Exists(before.filter(entered_at__gt=since)))
    return people
