"""Of whom it cannot be known whether they did not open: their messages were not measured."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.mailings.models import Delivery, Engagement, Run
from apps.mailings.segments.ground import Ground
from apps.mailings.segments.tree import NOT, Condition, Node, condition_at, conditions, root_of

_REACTIONS = ("opened", "clicked")
_SENT = (Delivery.State.SENT, Delivery.State.DELIVERED)


def unmeasured(tree: Node, ground: Ground) -> Q | None:
    """The people who may be members only because nothing was measured.

    None: the tree asks nobody for not having opened or clicked.
    """
    asked = _denied(tree)
    if not asked:
        return None
    found = Q(pk__in=())
    for one in asked:
        found |= _without_measure(one, ground)
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


def _without_measure(asked: Condition, ground: Ground) -> Q:
    """Who got one of its mailings in a run that nobody measured.

    Of days: everybody who got something in them, where nothing was measured in these days. A
    reaction is the one sign of a measure: a run that nobody opened counts as not measured.
    """
    mine = Run.objects.filter(mailing__owner_id=ground.owner_id)
    if asked.mailings is None:
        return _without_measure_of_days(asked.days, mine, ground)
    rows = Engagement.objects.filter(run_id=OuterRef("pk"))
    runs = mine.filter(~Exists(rows), mailing_id__in=asked.mailings)
    ids = list(runs.values_list("pk", flat=True))
    got = Delivery.objects.filter(run_id__in=ids, state__in=_SENT)
    return Q(Exists(ground.within(got)))


def _without_measure_of_days(days: int | None, mine: QuerySet[Run], ground: Ground) -> Q:
    rows = Engagement.objects.filter(run__in=mine.values("pk"))
    if days is None:
        return Q(pk__in=()) if rows.exists() else Q(activity__last_sent_at__isnull=False)
    since = ground.now - timedelta(days=days)
    if rows.filter(Q(opened_at__gte=since) | Q(clicked_at__gte=since)).exists():
        return Q(pk__in=())
    return Q(activity__last_sent_at__isnull=False, activity__last_sent_at__gte=since)
