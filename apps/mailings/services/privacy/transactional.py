"""Messages to one recipient are kept for a time: then they go with their whole history."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.core.deletion.uses import StillUsed, check_unused
from apps.mailings.models import Mailing, Message, Run, Variant

#: Rows of one transaction.
_CHUNK: Final = 500


def old(limit: datetime) -> QuerySet[Mailing]:
    """Those that ended before this moment. Confirmations stay: they prove a consent."""
    recent = Run.objects.filter(~Q(state=Run.State.DONE) | Q(finished_at__gte=limit))
    rows = Mailing.objects.filter(kind=Mailing.Kind.TRANSACTIONAL, ends_at__lt=limit)
    rows = rows.exclude(purpose=Mailing.Purpose.CONFIRMATION)
    return rows.filter(~Exists(recent.filter(mailing=OuterRef("pk"))))


def count_old(now: datetime, days: int) -> int:
    """How many are old."""
    return old(now - timedelta(days=days)).count()


@transaction.atomic
def remove_old(now: datetime, days: int) -> int:
    """Remove some of them, with what only they have kept from being deleted. Returns how many."""
    rows = old(now - timedelta(days=days)).order_by("pk")
    ids = list(rows.values_list("pk", flat=True)[:_CHUNK])
    runs = Run.objects.select_for_update().filter(mailing__in=ids).order_by("pk")
    list(runs.values_list("pk", flat=True))  # locked: none of them begins again meanwhile
    found = dict(rows.filter(pk__in=ids).values_list("pk", "message_id"))
    Mailing._base_manager.filter(pk__in=list(found)).delete()
    _remove_archived(set(found.values()))
    return len(found)


def _remove_archived(ids: set[int]) -> None:
    """Delete those of these messages that are in the archive, and were only kept for a history."""
    rows = Message.objects.filter(pk__in=ids, archived_at__isnull=False, mailings=None)
    of_variant = Variant.objects.filter(message=OuterRef("pk"))
    for message in rows.filter(~Exists(of_variant)):
        try:
            check_unused(message)
        except StillUsed:
            continue
        message.delete()
