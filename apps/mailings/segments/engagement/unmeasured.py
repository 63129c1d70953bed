"""How many members a segment may have only because nobody can know what they did."""

from __future__ import annotations

from django.db.models import Q

from apps.mailings.segments.engagement.unknown import unknown
from apps.mailings.segments.ground import Ground
from apps.mailings.segments.tree import NOT, Condition, Node, condition_at, conditions, root_of

_REACTIONS = ("opened", "clicked")


def unmeasured(tree: Node, ground: Ground) -> Q | None:
    """The people of whom it cannot be known whether they are members by right.

    None: the tree asks nobody for not having opened or clicked.
    """
    asked = _denied(tree)
    if not asked:
        return None
    found = Q(pk__in=())
    for one in asked:
        found |= unknown(one, ground)
    return found


def _denied(tree: Node) -> list[Condition]:
    """The conditions on reactions that stand under a negation."""
    found = []
    for place in conditions(root_of(tree)):
        one = condition_at(place)
        negated = place.path.split(".").count(NOT) % 2 == 1
        if negated and one.field == "did" and one.op in _REACTIONS:
            found.append(one)
    return found
