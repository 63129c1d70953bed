"""The deliveries of one run, as pages, exports and the API read them."""

from __future__ import annotations

from typing import Final

from django.db.models import OuterRef, QuerySet, Subquery

from apps.mailings.failure_reasons import REASONS, of_reasons
from apps.mailings.models import Channel, Delivery, Run
from apps.mailings.models.permission.left_out import LeftOut
from apps.mailings.selectors.equation import states_of

#: States that no index finds; ``Delivery.indexed_state`` has the others.
_IN_PROGRESS: Final = ("pending", "sending", "sent")


def deliveries_of(
    run: Run,
    state: str,
    query: str = "",
    channel: str = "",
    reason: str = "",
    *,
    left_out: str = "",
) -> QuerySet[Delivery]:
    """The deliveries of a run to addresses that begin so, in one state or group of states, on one
    channel and with one reason, or left out for one. What is not known is not looked at."""
    rows = _between_its_ends(run).select_related("recipient")
    if reason in REASONS:
        rows = of_reasons(rows, [reason])
    if left_out in LeftOut.values:
        rows = rows.filter(left_out=left_out)
    if channel in Channel.values:
        rows = rows.filter(channel=channel)
    if query := query.replace("\x00", "").strip().lower()[:254]:
        rows = rows.filter(address__startswith=query)
    if not (states := states_of(state)):
        return rows
    if set(states) & set(_IN_PROGRESS):
        return rows.filter(state__in=states)
    return rows.filter(indexed_state__in=states)


def _between_its_ends(run: Run) -> QuerySet[Delivery]:
    """The deliveries of a run, between the first id and the last one.

    In the order of ids PostgreSQL would else look for them from the first of all runs on. A range
    of one run makes the order by run and id one that only their index has.
    """
    rows = Delivery.objects.filter(run_id__gte=OuterRef("pk"), run_id__lte=OuterRef("pk"))
    first, last = rows.order_by("run_id", "pk"), rows.order_by("-run_id", "-pk")
    found = Run.objects.filter(pk=run.pk).values_list(
        Subquery(first.values("pk")[:1]), Subquery(last.values("pk")[:1])
    )
    ends = found.first()
    if ends is None or ends[0] is None:
        return Delivery.objects.none()
    return Delivery.objects.filter(run=run, pk__range=ends)
