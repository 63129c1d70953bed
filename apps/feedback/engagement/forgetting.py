"""What persons did is forgotten: one by one when they are erased, whole runs when they are old.

The sums of the runs stay as they are: nobody can be found in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core.personal_data import Person, PersonalData, Row
from apps.mailings.models import (
    Delivery,
    Engagement,
    LinkEngagement,
    Run,
    TrackedLink,
    WaitingEngagement,
)
from apps.mailings.services.privacy.retention import Kept

#: Rows of one statement.
_CHUNK: Final = 5000


class EngagementData(PersonalData):
    """Openings and clicks."""

    name = "engagement"

    def erase(self, person: Person) -> int:
        return forget_letters(person.delivery_ids)

    def copied(self, person: Person) -> Mapping[str, Sequence[Row]]:
        rows = Engagement.objects.filter(recipient_id=person.recipient_id).order_by("pk")
        return {
            "openings_and_clicks": [
                {
                    "delivery": row.delivery_id,
                    "who": row.term,
                    "opened": row.opened_at,
                    "clicked": row.clicked_at,
                    "openings": row.opens,
                    "clicks": row.clicks,
                    "device": row.device,
                    "program": row.client,
                }
                for row in rows
            ],
            "followed_links": [
                {
                    "delivery": row.delivery_id,
                    "link": row.link.address,
                    "clicks": row.clicks,
                    "first": row.first_at,
                }
                for row in _followed(person.delivery_ids).select_related("link").order_by("pk")
            ],
        }


def forget_letters(delivery_ids: Sequence[int]) -> int:
    """Forget what was done with these letters. Returns how many rows of people it was."""
    LinkEngagement.objects.filter(pk__in=_followed(delivery_ids).values("pk")).delete()
    WaitingEngagement.objects.filter(delivery_id__in=delivery_ids).delete()
    mine = Delivery.objects.filter(pk__in=delivery_ids).values_list("run_id", "recipient_id")
    pairs = set(mine)
    rows = Engagement.objects.filter(
        run_id__in={run_id for run_id, _person in pairs},
        recipient_id__in={person for _run_id, person in pairs},
    )
    found = [
        pk for pk, *pair in rows.values_list("pk", "run_id", "recipient_id") if tuple(pair) in pairs
    ]
    return Engagement.objects.filter(pk__in=found).delete()[0]


def _followed(delivery_ids: Sequence[int]) -> QuerySet[LinkEngagement]:
    """Which links the readers of these letters followed."""
    runs = Delivery.objects.filter(pk__in=delivery_ids).values("run_id")
    links = TrackedLink.objects.filter(run_id__in=runs)
    return LinkEngagement.objects.filter(link__in=links, delivery_id__in=delivery_ids)


def count_old(now: datetime, days: int) -> int:
    """How many rows of people are of runs that ended so long ago."""
    return Engagement.objects.filter(run__finished_at__lt=now - timedelta(days=days)).count()


def forget_old(now: datetime, days: int) -> int:
    """Of runs that ended so long ago only the sums stay. Returns how many rows of people it was."""
    old = Run.objects.filter(finished_at__lt=now - timedelta(days=days))
    total = 0
    for run_id in old.filter(Exists(Engagement.objects.filter(run_id=OuterRef("pk")))).values_list(
        "pk", flat=True
    ):
        while count := _forget_some(run_id):
            total += count
    WaitingEngagement.objects.filter(run__in=old).delete()
    return total


@transaction.atomic
def _forget_some(run_id: int) -> int:
    rows = Engagement.objects.filter(run_id=run_id).order_by("pk")[:_CHUNK]
    found = dict(rows.values_list("pk", "delivery_id"))
    links = TrackedLink.objects.filter(run_id=run_id)
    LinkEngagement.objects.filter(link__in=links, delivery_id__in=found.values()).delete()
    return Engagement.objects.filter(pk__in=found).delete()[0]


#: As the other things that are kept for a time only.
OLD: Final = Kept(
    "TRACKING_KEEP_DAYS",
    _("What each person opened and clicked, after the end of the run (0: for ever)"),
    count_old,
    forget_old,
)
