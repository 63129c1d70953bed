"""A date of the recipient is near: so many days away, at a time of the recipient's day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import CharField, Q, Value

from apps.automations.definition.parts import DateTrigger
from apps.automations.local_times import days_alike, missed, moment_of, next_moment, zone_of
from apps.automations.triggers.poll import Poll
from apps.mailings.models import Recipient

#: Days that are made up for, after a time in which nothing ran.
_MADE_UP_FOR: Final = timedelta(days=7)
#: Seconds by whose multiples the clocks of zones differ.
_QUARTER: Final = 900


def near(poll: Poll, trigger: DateTrigger) -> int:
    """In each time zone of the owner's people whose moment has passed since the last look.

    Whose moment was missed for long begins at the next such time of the day, not at night.
    """
    last = datetime.fromisoformat(poll.cursors["looked_at"])
    if not may_have_come(trigger.at, last, poll.now):
        return 0
    poll.cursors["looked_at"] = poll.now.isoformat()
    since = max(last, poll.now - _MADE_UP_FOR)
    living = Recipient.objects.filter(owner_id=poll.owner.pk, archived_at=None)
    came = 0
    for name in living.order_by().values_list("time_zone", flat=True).distinct():
        zone = zone_of(name, poll.owner.time_zone)
        day = since.astimezone(zone).date()
        while (moment := moment_of(day, trigger.at, zone)) <= poll.now:
            if moment > since:
                came += _of_day(poll, trigger, name, day, moment)
            day += timedelta(days=1)
    return came


def may_have_come(at: time, after: datetime, upto: datetime) -> bool:
    """True if it can have become this time of the day in some zone, after one moment up to another.

    Zones differ by whole quarters of an hour: the zones of a million people are asked for four
    times an hour, and not at every tick.
    """
    seconds = timedelta(hours=at.hour, minutes=at.minute, seconds=at.second).total_seconds()
    return (after.timestamp() - seconds) // _QUARTER < (upto.timestamp() - seconds) // _QUARTER


def _of_day(poll: Poll, trigger: DateTrigger, zone: str, day: date, moment: datetime) -> int:
    """Those in this zone whose date is so many days from this day."""
    target = day - timedelta(days=trigger.days)
    people = Recipient.objects.filter(owner_id=poll.owner.pk, time_zone=zone)
    path = f"attributes__{trigger.field}"
    if trigger.yearly:
        ends = (Q(**{f"{path}__endswith": end}) for end in days_alike(target))
        people, which = people.filter(reduce(or_, ends)), str(target.year)
    else:
        people, which = people.filter(**{path: target.isoformat()}), target.isoformat()
    cause = Value(f"date:{trigger.field}:{which}", output_field=CharField())
    return poll.enrol(people, cause=cause, due_at=_begins(poll, trigger, zone, moment))


def _begins(poll: Poll, trigger: DateTrigger, zone: str, moment: datetime) -> datetime:
    if not missed(moment, poll.now):
        return moment
    own: ZoneInfo = zone_of(zone, poll.owner.time_zone)
    return next_moment(poll.now, own, trigger.at)
