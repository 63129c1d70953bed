"""What was seen of each variant of a run: read once, when its experiment is judged."""

from __future__ import annotations

from typing import Final

from django.db.models import Count, Exists, F, OuterRef, Q

from apps.core.values.decisions import Seen
from apps.mailings.models import Delivery, Engagement, LinkEngagement, RunExperiment, Term
from apps.mailings.models.experiments.plan import Terms
from apps.mailings.run_content import choice_of

#: What ends the path of an address, where the links of a mailing have parameters of their own.
_AFTER_ADDRESS: Final = ("?", "&", "#")


def figures_of(row: RunExperiment) -> list[Seen]:
    """Of each variant: to how many it was sent, and how many persons did what counts.

    Only the sample is asked, by its positions; where all are the sample, everybody.
    """
    run = row.run
    choice = choice_of(run.content)
    assert choice is not None and choice.split is not None
    rows = Delivery.objects.filter(run_id=run.pk, state__in=["sent", "delivered"])
    if choice.split.has_rest:
        rows = rows.filter(position__lte=0)
    counted = (
        rows.order_by()
        .values(version=F("content_version"))
        .annotate(of_sent=Count("pk"), reacted=Count("pk", filter=Q(_event(row))))
    )
    seen = [[0, 0] for _number in range(choice.split.count)]
    for version, sent, events in counted.values_list("version", "of_sent", "reacted"):
        one = seen[choice.split.variant_of(version) - 1]
        one[0] += sent
        one[1] += events
    return [Seen(count=sent, events=events) for sent, events in seen]


def _event(row: RunExperiment) -> Exists:
    """That a person did what counts with this letter."""
    if row.metric == Terms.Metric.GOAL:
        whole = Q(link__address=row.goal)
        for end in _AFTER_ADDRESS:
            whole |= Q(link__address__startswith=row.goal + end)
        clicks = LinkEngagement.objects.filter(whole, link__run_id=row.run_id)
        return Exists(clicks.filter(delivery_id=OuterRef("pk")))
    mine = Engagement.objects.filter(run_id=row.run_id, term=Term.PERSON)
    if row.metric == Terms.Metric.CLICKS:
        mine = mine.filter(clicked_at__isnull=False)
    return Exists(mine.filter(recipient_id=OuterRef("recipient_id")))
