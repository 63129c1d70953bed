"""What conditions are asked about: whose people, at which moment, and which of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import OuterRef, QuerySet

from apps.core.values.time_zones import time_zone
from apps.mailings.models import AttributeDefinition
from apps.mailings.segments.attribute_indexes import indexed_attributes
from apps.users.models import User


@dataclass(frozen=True, slots=True)
class Ground:
    """What a tree of conditions is compiled for.

    ``today`` is the owner's date at ``now``, in ``zone``; ``kinds`` are the owner's attributes and
    the kind of each; ``indexed`` those with an index. ``window``: while a run is frozen, only the
    people with ids above the first and up to the second are asked about.
    """

    owner_id: int
    now: datetime
    today: date
    kinds: Mapping[str, str]
    indexed: frozenset[str] = frozenset()
    window: tuple[int, int] | None = None
    zone: str = "UTC"

    def within(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the rows that belong to the person in question.

        Every subquery has the window's bounds, or PostgreSQL may hash a whole history anew for
        each window.
        """
        rows = rows.filter(recipient_id=OuterRef("pk"))
        return self.bounded(rows, "recipient_id")

    def bounded(self, rows: QuerySet[Any], field: str) -> QuerySet[Any]:
        """The rows whose ``field`` lies in the window."""
        if self.window is None:
            return rows
        return rows.filter(**{f"{field}__gt": self.window[0], f"{field}__lte": self.window[1]})


def ground_of(owner: User, now: datetime) -> Ground:
    """The ground for all of one owner's people at this moment."""
    return ground_in(time_zone(owner.time_zone) or settings.TIME_ZONE, owner.pk, now)


def ground_in(zone: str, owner_id: int, now: datetime) -> Ground:
    """The same with the date of this time zone."""
    definitions = AttributeDefinition.objects.filter(owner_id=owner_id)
    kinds = dict(definitions.values_list("name", "kind"))
    return Ground(
        owner_id=owner_id,
        now=now,
        today=now.astimezone(ZoneInfo(zone)).date(),
        kinds=kinds,
        indexed=indexed_attributes(kinds),
        zone=zone,
    )
