"""Who meets the conditions: as rows, as a number, and condition by condition for one person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Final

from django.db.models import BooleanField, Case, Count, Max, Min, Q, QuerySet, Value, When

from apps.core.models import OwnedQuerySet
from apps.mailings.models import ActivityMark, Recipient
from apps.mailings.segments.compile import compiled, compiled_at
from apps.mailings.segments.engagement.reactions import asks_activity
from apps.mailings.segments.engagement.unmeasured import unmeasured
from apps.mailings.segments.ground import Ground
from apps.mailings.segments.tree import Node, condition_at, conditions, places, root_of

#: Up to so many people are counted at once; of more a sample is asked first.
COUNTED_AT_ONCE: Final = 50_000
_WINDOWS: Final = 12
_IN_WINDOW: Final = 800


@dataclass(frozen=True, slots=True)
class Counted:
    """How many people meet the conditions.

    ``exact`` is False for an estimate from a sample. ``as_of``: what was sent and what people did
    is taken into account up to this moment. ``cannot_know``: how many of them are there only
    because nothing was measured; None for an estimate, and where that makes nobody a member.
    """

    n: int
    exact: bool
    as_of: datetime
    cannot_know: int | None = None


def members(tree: Node, ground: Ground) -> OwnedQuerySet[Recipient]:
    """The owner's living recipients who meet the conditions."""
    return _living(ground).filter(compiled(tree, ground))


def count(tree: Node, ground: Ground) -> Counted:
    """How many they are, exactly."""
    rows, unknown = members(tree, ground).order_by(), unmeasured(tree, ground)
    if unknown is None:
        return Counted(rows.count(), True, as_of(tree, ground))
    found = rows.aggregate(n=Count("pk"), unknown=Count("pk", filter=unknown))
    return Counted(found["n"], True, as_of(tree, ground), found["unknown"])


def estimate(tree: Node, ground: Ground) -> Counted:
    """How many they are, from windows of ids that lie evenly over all; exact for few people."""
    living = _living(ground).order_by()
    everybody = living.count()
    if everybody <= COUNTED_AT_ONCE:
        return count(tree, ground)
    asked = found = 0
    for window, people in sample(living):
        within = replace(ground, window=window)
        asked += people
        found += within.bounded(living, "pk").filter(compiled(tree, within)).count()
    n = round(everybody * found / asked) if asked else 0
    return Counted(n, False, as_of(tree, ground))


def sample(people: QuerySet[Recipient]) -> Iterator[tuple[tuple[int, int], int]]:
    """Windows of ids that lie evenly over all, none overlapping the next, each with its people."""
    ends = people.aggregate(low=Min("pk"), high=Max("pk"))
    low, step = ends["low"], (ends["high"] - ends["low"] + 1) / _WINDOWS
    starts = [low + int(step * number) - 1 for number in range(_WINDOWS + 1)]
    for start, following in pairwise(starts):
        some = people.filter(pk__gt=start, pk__lte=following).order_by("pk")
        ids = list(some.values_list("pk", flat=True)[:_IN_WINDOW])
        if ids:
            yield (start, ids[-1]), len(ids)


def explained(tree: Node, ground: Ground, recipient_id: int) -> dict[str, bool]:
    """The answer of every node of the tree for one of the owner's recipients, by its path."""
    return explained_all({"": tree}, ground, recipient_id)[""]


def explained_all(
    trees: Mapping[str, Node], ground: Ground, recipient_id: int
) -> dict[str, dict[str, bool]]:
    """The same of several trees, in one query."""
    nodes = {
        (name, place.path): compiled_at(place, ground)
        for name, tree in trees.items()
        for place in places(root_of(tree))
    }
    marks = {f"n{at}": _truth(node) for at, node in enumerate(nodes.values())}
    rows = Recipient.objects.filter(owner_id=ground.owner_id).annotate(**marks)
    answers = rows.values_list(*marks).get(pk=recipient_id)
    found: dict[str, dict[str, bool]] = {name: {} for name in trees}
    for (name, path), holds in zip(nodes, answers, strict=True):
        found[name][path] = holds
    return found


def as_of(tree: Node, ground: Ground) -> datetime:
    """Up to when the conditions know what was sent and done."""
    asked = (condition_at(place) for place in conditions(root_of(tree)))
    if not any(map(asks_activity, asked)):
        return ground.now
    followed = ActivityMark.objects.values_list("followed_until", flat=True).first()
    return min(followed, ground.now) if followed else ground.now


def _truth(node: Q) -> Case:
    return Case(When(node, then=Value(True)), default=Value(False), output_field=BooleanField())


def _living(ground: Ground) -> OwnedQuerySet[Recipient]:
    rows = Recipient.objects.filter(owner_id=ground.owner_id, archived_at__isnull=True)
    if ground.window is not None:
        rows = rows.filter(pk__gt=ground.window[0], pk__lte=ground.window[1])
    return rows
