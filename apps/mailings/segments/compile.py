"""A tree of conditions becomes one boolean expression over recipients.

Two-valued: a test of a value that is not there, or of another kind, is false and its negation true,
so that a tree and its negation divide everybody between them.
"""

from __future__ import annotations

from django.db.models import Q

from apps.mailings.segments.attributes import JsonTest, together
from apps.mailings.segments.conditions import expression
from apps.mailings.segments.ground import Ground
from apps.mailings.segments.tree import (
    NOT,
    Node,
    Place,
    children,
    condition_at,
    is_condition,
    places,
    root_of,
)


def compiled(tree: Node, ground: Ground, *, deny: bool = False) -> Q:
    """The whole tree, or its negation. Raises SegmentInvalid for one that cannot be asked."""
    return compiled_at(next(places(root_of(tree))), ground, deny=deny)


def compiled_at(place: Place, ground: Ground, *, deny: bool = False) -> Q:
    """A node with all that it holds.

    NOT is carried down to the conditions, so that what stands under the uppermost AND can become a
    join: PostgreSQL flattens [NOT] EXISTS there, and nowhere else.
    """
    node = place.node
    if is_condition(node):
        found = expression(condition_at(place), ground, place.path, whole=deny)
        return ~found if deny else found
    if NOT in node:
        (child,) = children(place)
        return compiled_at(child, ground, deny=not deny)
    both = ("all" in node) is not deny
    parts = [compiled_at(child, ground, deny=deny) for child in children(place)]
    if both and not deny:
        parts = _joined(parts)
    return Q(*parts, _connector=Q.AND if both else Q.OR)


def _joined(parts: list[Q]) -> list[Q]:
    """The plain tests of equality of one AND as a single one; two of one attribute stay two."""
    plain: dict[str, tuple[Q, JsonTest]] = {}
    for part in parts:
        test = part.children[0] if len(part.children) == 1 else None
        if isinstance(test, JsonTest) and test.pairs and not part.negated:
            plain.setdefault(test.pairs[0][0], (part, test))
    if len(plain) < 2:
        return parts
    same = [part for part, _test in plain.values()]
    rest = [part for part in parts if not any(part is one for one in same)]
    return [*rest, Q(together([test for _part, test in plain.values()]))]
