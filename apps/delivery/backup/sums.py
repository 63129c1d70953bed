"""The two equations in figures: what was to be sent, and what readers did with it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.apps.registry import Apps
from django.db.models import Count

from apps.delivery.backup import schema
from apps.delivery.backup.archive import Sums
from apps.mailings.models.ledger import STATES

_CHUNK = 1000


def sums_of(registry: Apps) -> Sums:
    """As the database has them now."""
    delivery = schema.model_of(registry, "mailings.Delivery")._base_manager
    engagement = schema.model_of(registry, "mailings.Engagement")._base_manager
    return Sums(
        deliveries=dict(delivery.values_list("state").annotate(Count("pk")).order_by("state")),
        reactions=dict(engagement.values_list("term").annotate(Count("pk")).order_by("term")),
        uneven=sum(1 for _run in _uneven(registry)),
    )


def _uneven(registry: Apps) -> Iterator[int]:
    """Runs whose counters are not what their rows say. Both are read in order, so nothing is
    kept. Of who was left out long ago only the count is kept (``folded_at``)."""
    rows = schema.model_of(registry, "mailings.Delivery")._base_manager
    counted = rows.values_list("run_id", "state").annotate(Count("pk")).order_by("run_id", "state")
    groups = groupby(counted.iterator(chunk_size=_CHUNK), key=itemgetter(0))
    run_id, found = _next(groups)
    runs = schema.model_of(registry, "mailings.Run")._base_manager.exclude(frozen_at=None)
    names = ("pk", "folded_at", *STATES)
    for pk, folded_at, *counters in runs.order_by("pk").values_list(*names).iterator(_CHUNK):
        while run_id is not None and run_id < pk:
            run_id, found = _next(groups)
        theirs = dict(zip(STATES, counters, strict=True))
        ours = found if run_id == pk else {}
        if folded_at is not None:
            theirs.pop("suppressed")
        if any(ours.get(state, 0) != count for state, count in theirs.items()):
            yield pk


def _next(groups: Any) -> tuple[int | None, dict[str, int]]:
    run_id, rows = next(groups, (None, ()))
    return run_id, {state: count for _run, state, count in rows}
