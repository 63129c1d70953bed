"""How many a mailing would reach, as the freeze of its audience would count them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db.models import QuerySet

from apps.mailings.ledger import reach
from apps.mailings.ledger.reach import Reach
from apps.mailings.models import Mailing, Recipient

#: From here on a manual start is asked about once more.
LARGE: Final = 1000
#: From here on the number of recipients is typed, so that nobody sends to so many by habit.
VERY_LARGE: Final = 10_000


def reach_of(audience: QuerySet[Recipient], *, owner_id: int, channels: Sequence[str]) -> Reach:
    """Share the audience out over the channels, in their order, and freeze nothing."""
    return reach.reach_of(audience, owner_id, channels)


def zones_of(
    audience: QuerySet[Recipient], *, owner_id: int, channels: Sequence[str]
) -> dict[str, int]:
    """How many of those reached live in each time zone; the empty one is the installation's."""
    return reach.zones_of(audience, owner_id, channels)


def reached_by(mailing: Mailing) -> int:
    """How many would get this mailing, if it were sent now."""
    channels = [channel for channel, _account in mailing.routes]
    return reach_of(mailing.audience(), owner_id=mailing.owner_id, channels=channels).reached


def is_large(mailing: Mailing) -> bool:
    """True if so many are concerned that a slip would hurt. Counts no further than that."""
    return mailing.audience()[: LARGE + 1].count() > LARGE


def typed_number(mailing: Mailing) -> int | None:
    """The number of recipients, if they are so many that a person types it; otherwise None."""
    if mailing.audience()[: VERY_LARGE + 1].count() <= VERY_LARGE:
        return None
    reached = reached_by(mailing)
    return reached if reached > VERY_LARGE else None
