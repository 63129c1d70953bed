"""The deliveries of a run as pages, exports and the API read them, and what became of one."""

from __future__ import annotations

from typing import Final

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from apps.mailings.failure_reasons import REASONS, Explanation, of_reasons
from apps.mailings.models import Channel, Delivery, Run, Suppression
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


def is_suppressed(delivery: Delivery) -> bool:
    """True if nothing may be sent to its address any more. Needs its run's mailing."""
    rows = Suppression.objects.filter(
        owner_id=delivery.run.mailing.owner_id, channel=delivery.channel, address=delivery.address
    )
    return bool(delivery.address) and rows.exists()


def result_sentence(delivery: Delivery, why: Explanation | None) -> str:
    """What became of it, and why."""
    reason = why.text.rstrip(".") if why is not None else ""
    plain = {
        "pending": _("Not sent yet."),
        "sending": _("Being sent right now."),
        "sent": _("Sent: the server accepted the message."),
        "delivered": _("Delivered: the recipient’s server confirmed it."),
        "bounced": _("Bounced."),
        "failed": _("Not delivered."),
        "suppressed": _("Not sent: the address is suppressed."),
        "expired": _("Not sent: the sending window ended."),
        "cancelled": _("Not sent: the mailing was stopped."),
    }
    with_reason = {
        "pending": _("Not sent yet: %(reason)s."),
        "bounced": _("Accepted by the server, then bounced: %(reason)s."),
        "failed": _("Not delivered: %(reason)s."),
        "unknown": _("%(reason)s."),
        "suppressed": _("Not sent: %(reason)s."),
        "expired": _("Not sent: %(reason)s."),
        "cancelled": _("Not sent: %(reason)s."),
    }
    if reason and delivery.state in with_reason:
        lowered = reason if delivery.state == "unknown" else reason[0].lower() + reason[1:]
        return with_reason[delivery.state] % {"reason": lowered}
    return plain.get(delivery.state, _("Outcome unknown."))
