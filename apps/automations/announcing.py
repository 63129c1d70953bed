"""What happened to enrolments, kept for the programs that listen: in the transaction that did it.

Calls are made from these rows, later and elsewhere. For an owner to whom nobody listens no row is
written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from apps.automations.models import EnrolmentEvent
from apps.core.slots import Slot

Kind = EnrolmentEvent.Kind

#: Who listens may come so much later. What is older is forgotten.
KEPT: Final = timedelta(days=7)
#: Rows that one statement removes.
_SOME: Final = 10_000

#: Whether a program listens to the automations of the owner with this id. Filled by webhooks.
listeners: Slot[Callable[[int], bool]] = Slot("automation_listeners")


def listened_to(owner_id: int) -> bool:
    """Does a program listen to this owner's automations?"""
    return listeners.value(owner_id)


@dataclass(frozen=True, slots=True)
class Happened:
    """The same to each of these enrolments; ``step`` and ``word`` as the model has them."""

    kind: str
    ids: Collection[int]
    step: str = ""
    word: str = ""


def announce(owner_id: int, happened: Iterable[Happened], now: datetime) -> None:
    """Keep what happened, if a program listens."""
    found = [one for one in happened if one.ids]
    if not found or not listened_to(owner_id):
        return
    EnrolmentEvent.objects.bulk_create(
        (
            EnrolmentEvent(
                owner_id=owner_id,
                enrolment_id=pk,
                kind=one.kind,
                step=one.step,
                word=one.word,
                at=now,
            )
            for one in found
            for pk in one.ids
        ),
        batch_size=2_000,
    )


def forget_old(now: datetime) -> int:
    """Remove what was kept for long enough, some at a time. Returns how many."""
    oldest = EnrolmentEvent.objects.order_by("pk").values_list("at", flat=True).first()
    if oldest is None or oldest > now - KEPT:
        return 0
    old = EnrolmentEvent.objects.order_by("pk").values_list("pk", "at")[:_SOME]
    ids = [pk for pk, at in old if at <= now - KEPT]
    return EnrolmentEvent.objects.filter(pk__in=ids)._raw_delete(using=EnrolmentEvent.objects.db)
