"""Events that are old enough are forgotten; what followed from them stays with the deliveries."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from apps.feedback.models import Event
from apps.mailings.services.privacy.retention import Kept

#: Rows of one statement.
CHUNK: Final = 5000


def count_old(now: datetime, days: int) -> int:
    """How many events are too old."""
    return Event.objects.filter(received_at__lt=now - timedelta(days=days)).count()


def forget_old(now: datetime, days: int) -> int:
    """Drop the old ones among the first ``CHUNK`` events, which came first. Returns how many."""
    limit = now - timedelta(days=days)
    oldest = Event.objects.order_by("pk").values_list("received_at", flat=True).first()
    if oldest is None or oldest >= limit:
        return 0
    first = Event.objects.order_by("pk").values("pk")[:CHUNK]
    return Event.objects.filter(pk__in=first, received_at__lt=limit).delete()[0]


#: A year, and a month for comparisons with last year's month, unless ``.env`` says otherwise. An
#: event is needed for its delivery's page, for three soft bounces in a row, and against being
#: applied twice, which the age of signatures bounds to an hour. It holds an address.
OLD: Final = Kept(
    "EVENTS_DAYS",
    _("Bounces, complaints and other reports of providers (0: for ever)"),
    count_old,
    forget_old,
)
