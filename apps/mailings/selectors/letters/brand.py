"""The brand of an owner."""

from __future__ import annotations

from apps.mailings.models import Brand


def brand_of(owner_id: int) -> Brand | None:
    """What the owner's letters take where they say nothing themselves; None without."""
    return Brand.objects.filter(owner_id=owner_id, revision__gt=0).first()


def was_asked(owner_id: int) -> bool:
    """True if the owner has written a brand, or does not want to."""
    return Brand.objects.filter(owner_id=owner_id).exists()
