"""Sums over mailings, from the counters that the ledger keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from django.db.models import Count, QuerySet, Sum

from apps.mailings.models import Mailing, Run
from apps.mailings.models.ledger import STATES

SERVED: Final = ("sent", "delivered")
LOST: Final = ("failed", "refused", "unknown", "expired", "cancelled")


@dataclass(frozen=True, slots=True)
class Totals:
    """What became of all deliveries of many mailings. ``singles``: messages to one recipient."""

    mailings: int = 0
    singles: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    served: int = 0
    lost: int = 0

    @property
    def share(self) -> int | None:
        tried = self.served + self.lost
        return self.served * 100 // tried if tried else None


def totals_of(mailings: QuerySet[Mailing]) -> Totals:
    """Sums over all of them."""
    sums = {state: Sum(state, default=0) for state in STATES}
    counts = Run.objects.filter(mailing__in=mailings.order_by().values("pk")).aggregate(**sums)
    kinds = dict(mailings.order_by().values_list("kind").annotate(Count("pk")))
    return Totals(
        mailings=kinds.get(Mailing.Kind.MAILING, 0),
        singles=kinds.get(Mailing.Kind.SINGLE, 0),
        counts=counts,
        served=sum(counts[state] for state in SERVED),
        lost=sum(counts[state] for state in LOST),
    )
