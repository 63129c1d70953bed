"""Tests of moments, by the days of the owner's calendar."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Exists, Q
from django.db.models.functions import ExtractDay, ExtractMonth
from django.db.models.lookups import Exact

from apps.mailings.models import Subscription
from apps.mailings.segments.attributes import anniversaries
from apps.mailings.segments.ground import Ground

_DAY: Final = timedelta(days=1)


def created(op: str, value: Any, ground: Ground) -> Q:
    """When the person was added."""
    return moment("created_at", op, value, ground)


def subscribed_since(op: str, value: Any, ground: Ground) -> Q:
    """Since when the person is subscribed to any of the owner's lists."""
    living = Subscription.objects.filter(status=Subscription.Status.SUBSCRIBED)
    if op != "known":
        living = living.filter(moment("since", op, value, ground))
    return Q(Exists(ground.within(living)))


def moment(field: str, op: str, value: Any, ground: Ground) -> Q:
    """Does the moment in this column pass? Moments without a value do not."""
    if op == "known":
        return Q(**{f"{field}__isnull": False})
    if op == "anniversary":
        zone = ZoneInfo(ground.zone)
        month, day = ExtractMonth(field, tzinfo=zone), ExtractDay(field, tzinfo=zone)
        kept = anniversaries(ground, value)
        return reduce(or_, (Q(Exact(month, at), Exact(day, on)) for at, on in kept))
    low, high = _bounds(op, value, ground)
    found = Q(**{f"{field}__isnull": False})
    if low is not None:
        found &= Q(**{f"{field}__gte": low})
    if high is not None:
        found &= Q(**{f"{field}__lt": high})
    return found


def _bounds(op: str, value: Any, ground: Ground) -> tuple[datetime | None, datetime | None]:
    """From the first moment to before the second."""
    if op == "last":
        return ground.now - timedelta(days=value), ground.now
    if op == "next":
        return ground.now, ground.now + timedelta(days=value)
    if op == "before":
        return None, _start(value, ground)
    if op == "after":
        return _start(value, ground), None
    return _start(value[0], ground), _start(value[1], ground, later=_DAY)


def _start(day: str, ground: Ground, later: timedelta = timedelta(0)) -> datetime:
    """The first moment of a day, in the owner's zone."""
    return datetime.combine(date.fromisoformat(day) + later, time.min, ZoneInfo(ground.zone))
