"""Of whom nobody can know whether they opened or clicked.

Their messages were not measured, they asked not to be, or only a program was seen that loads every
picture. Who followed a link is known wherever persons are measured.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.mailings.models import Delivery, Engagement, Mailing, Run, Term, Tracking
from apps.mailings.segments.ground import Ground
from apps.mailings.segments.tree import Condition

_SENT: Final = (Delivery.State.SENT, Delivery.State.DELIVERED)


def unknown(asked: Condition, ground: Ground) -> Q:
    """Who got one of the mailings asked for, or anything in the days, and cannot be known."""
    runs = set(_runs(asked, ground).values_list("pk", flat=True))
    measured = set(measured_runs(Run.objects.filter(pk__in=runs)))
    found = Q(Exists(_sent(asked, runs - measured, ground)))
    found |= Q(unmeasured=True) & Q(Exists(_sent(asked, measured, ground)))
    return found | Q(Exists(_unclear(asked, measured, ground)))


def measured_runs(runs: QuerySet[Run]) -> QuerySet[Run, int]:
    """The ids of those that measured what each person did, and where that is still known."""
    kept = Engagement.objects.filter(run_id=OuterRef("pk"))
    rows = runs.filter(
        Q(engaged_person=0) | Q(Exists(kept)), content__tracking=Tracking.PERSONS.value
    )
    return rows.order_by().values_list("pk", flat=True)


def _runs(asked: Condition, ground: Ground) -> QuerySet[Run]:
    """Runs of mailings: messages to one, such as receipts, are measured by nobody."""
    rows = Run.objects.filter(mailing__owner_id=ground.owner_id).order_by()
    if asked.mailings is not None:
        rows = rows.filter(mailing_id__in=asked.mailings)
        return rows if asked.run is None else rows.filter(number=asked.run)
    rows = rows.filter(mailing__kind=Mailing.Kind.MAILING)
    if asked.days is None:
        return rows
    since = ground.now - timedelta(days=asked.days)
    return rows.filter(~Q(state=Run.State.DONE) | Q(finished_at__gte=since))


def _sent(asked: Condition, runs: set[int], ground: Ground) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(run_id__in=runs, state__in=_SENT)
    if asked.days is not None:
        rows = rows.filter(changed_at__gte=ground.now - timedelta(days=asked.days))
    return ground.within(rows)


def _unclear(asked: Condition, runs: set[int], ground: Ground) -> QuerySet[Engagement]:
    """Only something was seen that may have been a program. Of clicks, at a link."""
    rows = Engagement.objects.filter(run_id__in=runs, term=Term.UNCLEAR)
    if asked.op in ("clicked", "click_unclear"):
        rows = rows.filter(clicked_at__isnull=False)
    return ground.within(rows)
