"""What the writer of a message may choose from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from apps.core.contracts import Actor
from apps.mailings.selectors.letters.brand import brand_of
from apps.mailings.selectors.letters.writing import (
    fields_for_conditions,
    owns_picture,
    pictures_of,
    segments_of,
    tags_of,
)


@dataclass(frozen=True, slots=True)
class Offers:
    """Fields by name; tags, segments and pictures by id."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    tags: list[tuple[int, str]] = field(default_factory=list)
    segments: list[tuple[int, str]] = field(default_factory=list)
    pictures: list[tuple[int, str]] = field(default_factory=list)
    #: Whether a picture may be chosen that is too old to be among those.
    is_own_picture: Callable[[int], bool] = lambda picture: False
    #: What an empty field of a kind of block takes from the brand.
    of_brand: Mapping[tuple[str, str], str] = field(default_factory=dict)


def offers_of(actor: Actor) -> Offers:
    """What this actor's messages may name: their own rows alone."""
    return Offers(
        fields=fields_for_conditions(actor),
        tags=tags_of(actor),
        segments=segments_of(actor),
        pictures=pictures_of(actor),
        is_own_picture=partial(owns_picture, actor),
        of_brand=_of_brand(actor),
    )


def _of_brand(actor: Actor) -> dict[tuple[str, str], str]:
    brand = brand_of(actor.pk)
    if brand is None:
        return {}
    found = {("footer", name): getattr(brand, name) for name in ("company", "address", "reason")}
    found |= {("header", "name"): brand.name, ("header", "link"): brand.website}
    return {place: text for place, text in found.items() if text}
