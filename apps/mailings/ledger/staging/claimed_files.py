"""Which files belong to deliveries that were just claimed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from apps.core.contracts import Claimed, StagedFile
from apps.mailings.models import DeliveryFile

_STATES = DeliveryFile.State


@dataclass(slots=True)
class Files:
    """The files of one delivery. ``settled``: those of its numbers that are no more waited for."""

    ready: list[StagedFile] = field(default_factory=list)
    settled: set[int] = field(default_factory=set)


def files_of(claimed: Sequence[Claimed], required: Collection[int]) -> dict[int, Files]:
    """The files by delivery. ``required``: numbers of those without which nothing is sent."""
    found = {one.delivery_id: Files() for one in claimed}
    rows = DeliveryFile.objects.filter(delivery_id__in=list(found)).order_by("delivery", "number")
    columns = ("delivery_id", "number", "state", "name", "content_type", "sha256", "size")
    for pk, number, state, *about in rows.values_list(*columns):
        if state == _STATES.READY:
            found[pk].ready.append(StagedFile(*about))
        if state == _STATES.READY or (state == _STATES.FAILED and number not in required):
            found[pk].settled.add(number)
    return found
