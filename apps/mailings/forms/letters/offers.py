"""What the writer of a message may choose from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from apps.core.contracts import Actor
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


def offers_of(actor: Actor) -> Offers:
    """What this actor's messages may name: their own rows alone."""
    return Offers(
        fields=fields_for_conditions(actor),
        tags=tags_of(actor),
        segments=segments_of(actor),
        pictures=pictures_of(actor),
        is_own_picture=partial(owns_picture, actor),
    )
