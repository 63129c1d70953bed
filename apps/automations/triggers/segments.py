"""Somebody is in the segment who was not there at the last look."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.automations.definition.parts import SegmentTrigger
from apps.automations.models import SegmentPresence
from apps.automations.triggers.poll import Poll
from apps.mailings.models import Recipient, Segment
from apps.mailings.segments import compiled, ground_of

_KEEP: Final = """
INSERT INTO automations_segmentpresence (automation_id, recipient_id)
SELECT %s, a.id FROM ({people}) a WHERE a.id > 0
    ON CONFLICT DO NOTHING"""


def entered(poll: Poll, trigger: SegmentTrigger) -> int:
    """Every so many minutes. The first look only remembers who is in it."""
    last = poll.cursors.get("remembered")
    if last is not None:
        span = poll.now - datetime.fromisoformat(last)
        if span < timedelta(minutes=trigger.minutes):
            return 0
    segment = Segment.objects.filter(pk=trigger.segment, owner_id=poll.owner.pk).first()
    if segment is None:
        return 0
    poll.cursors["remembered"] = poll.now.isoformat()
    automation_id = poll.entrance.version.automation_id
    seen = SegmentPresence.objects.filter(automation_id=automation_id)
    holds = compiled(segment.tree, ground_of(poll.owner, poll.now))
    living = Recipient.objects.filter(owner_id=poll.owner.pk, archived_at=None)
    fresh = living.filter(holds, ~Exists(seen.filter(recipient_id=OuterRef("pk"))))
    came = 0
    if last is not None:
        came = poll.enrol(fresh)
    _keep(automation_id, fresh)
    _forget(seen, living, holds)
    return came


def _keep(automation_id: int, people: QuerySet[Recipient]) -> None:
    try:
        sql, params = (
            people.order_by().values("id").query.get_compiler(connection=connection).as_sql()
        )
    except EmptyResultSet:
        return
    with connection.cursor() as cursor:
        cursor.execute(_KEEP.format(people=sql), [automation_id, *params])


def _forget(seen: QuerySet[SegmentPresence], living: QuerySet[Recipient], holds: Any) -> None:
    """Who is in it no more comes in again with the next time."""
    inside = living.filter(Q(holds))
    seen.exclude(recipient_id__in=inside.values("pk")).delete()
