"""Of whom it cannot be known whether they did not open: their messages were not measured."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from apps.mailings.models import Delivery, Engagement, Run
from apps.mailings.segments.answers import members
from apps.mailings.segments.ground import Ground
from apps.mailings.segments.tree import NOT, Condition, Node, condition_at, conditions, root_of

_REACTIONS = ("opened", "clicked")
_SENT = (Delivery.State.SENT, Delivery.State.DELIVERED)


def cannot_know(tree: Node, ground: Ground) -> int | None:
    """How many of the members are there only because nothing was measured.

    None: the tree asks nobody for not having opened or clicked.
    """
    asked = _denied(tree)
    if not asked:
        return None
    unmeasured = Q(pk__in=())
    for one in asked:
        unmeasured |= _without_measure(one, ground)
    return members(tree, ground).filter(unmeasured).order_by().count()


def _denied(tree: Node) -> list[Condition]:
    """The conditions on reactions that stand under a negation."""
    found = []
    for place in conditions(root_of(tree)):
        one = condition_at(place)
        negated = place.path.split(".").count(NOT) % 2 == 1
        if negated and one.field == "did" and one.op in _REACTIONS:
            found.append(one)
    return found


def _without_measure(asked: Condition, ground: Ground) -> Q:
    """Who got one of its mailings in a run that nobody measured; all, where nothing ever was."""
    mine = Run.objects.filter(mailing__owner_id=ground.owner_id)
    if asked.mailings is None:
        measured = Engagement.objects.filter(run__in=mine.values("pk")).exists()
        return Q(pk__in=()) if measured else Q(activity__last_sent_at__isnull=False)
    rows = Engagement.objects.filter(run_id=OuterRef("pk"))
    runs = mine.filter(~Exists(rows), mailing_id__in=asked.mailings)
    ids = list(runs.values_list("pk", flat=True))
    got = Delivery.objects.filter(run_id__in=ids, state__in=_SENT)
    return Q(Exists(ground.within(got)))
