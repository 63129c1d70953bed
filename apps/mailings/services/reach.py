"""How many a mailing would reach, as the freeze of its audience would count them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from apps.mailings.ledger import reach
from apps.mailings.ledger.reach import Reach
from apps.mailings.models import Recipient


def reach_of(audience: QuerySet[Recipient], *, owner_id: int, channels: Sequence[str]) -> Reach:
    """Share the audience out over the channels, in their order, and freeze nothing."""
    return reach.reach_of(audience, owner_id, channels)
