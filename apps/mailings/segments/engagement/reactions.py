"""Tests of what was sent to a person and what came back.

Days are asked of one narrow row a person, mailings of the rows of their runs. Of a run that is done
everybody without an ``indexed_state`` was sent to: an index alone answers.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.mailings.models import Delivery, Engagement, LinkEngagement, Run, Term, TrackedLink
from apps.mailings.segments.engagement.unknown import unknown
from apps.mailings.segments.ground import Ground
from apps.mailings.segments.tree import Condition

_STAMPS: Final = {
    "got": "last_sent_at",
    "may_have_got": "last_sent_at",
    "opened": "last_opened_at",
    "clicked": "last_clicked_at",
    "bounced": "last_bounced_at",
}
#: The states of a delivery that answer, apart from sending and sent; and those two.
_INDEXED: Final = {
    "got": ("delivered",),
    "may_have_got": ("delivered", "bounced", "unknown"),
    "bounced": ("bounced",),
}
_OPEN: Final = {"got": ("sent",), "may_have_got": ("sent", "sending"), "bounced": ()}


def asks_activity(asked: Condition) -> bool:
    """True if the roll-up answers, which follows what happens a little behind."""
    of_rollup = asked.field == "did" and asked.op in _STAMPS and asked.mailings is None
    return of_rollup and not _asks_engagement(asked)


def did(asked: Condition, ground: Ground) -> Q:
    """What the person got or did: in some mailings, in the last days, or ever."""
    if asked.op in ("unclear", "click_unclear"):
        return unknown(asked, ground)
    if asks_activity(asked):
        # One LEFT JOIN to one row a person serves every such condition.
        stamp = f"activity__{_STAMPS[asked.op]}"
        if asked.days is None:
            return Q(**{f"{stamp}__isnull": False})
        return Q(**{f"{stamp}__isnull": False, f"{stamp}__gte": _since(asked.days, ground)})
    if asked.op in ("opened", "clicked"):
        return _reacted(asked, ground)
    return _was_sent(asked, ground)


def _asks_engagement(asked: Condition) -> bool:
    """Machines are known only mailing by mailing."""
    return asked.machine and asked.op in ("opened", "clicked")


def _since(days: int, ground: Ground) -> datetime:
    return ground.now - timedelta(days=days)


def _reacted(asked: Condition, ground: Ground) -> Q:
    """Persons only, unless machines are asked for as well. Who clicked has opened."""
    moments = ("opened_at", "clicked_at") if asked.op == "opened" else ("clicked_at",)
    rows = Engagement.objects.exclude(**dict.fromkeys(moments))
    if asked.mailings is not None:
        runs = list(_runs(asked, ground).values_list("pk", flat=True))
        rows = rows.filter(run_id__in=runs)
        if asked.link is not None:
            followed = _of_link(asked.link, asked.days, runs, ground)
            return Q(Exists(ground.within(rows.filter(Exists(followed), term=Term.PERSON))))
    if asked.days is not None:
        since, lately = _since(asked.days, ground), Q()
        for moment in moments:
            lately |= Q(**{f"{moment}__gte": since})
        rows = rows.filter(lately)
    if not asked.machine:
        rows = rows.filter(term=Term.PERSON)
    return Q(Exists(ground.within(rows)))


def _of_link(
    number: int, days: int | None, runs: list[int], ground: Ground
) -> QuerySet[LinkEngagement]:
    """That a person followed the link of a letter; the first click counts for the days."""
    links = TrackedLink.objects.filter(run_id__in=runs, number=number)
    clicks = LinkEngagement.objects.filter(
        link_id__in=list(links.values_list("pk", flat=True)), delivery_id=OuterRef("delivery_id")
    )
    return clicks if days is None else clicks.filter(first_at__gte=_since(days, ground))


def _was_sent(asked: Condition, ground: Ground) -> Q:
    runs = _runs(asked, ground).values_list("pk", "state")
    done = [pk for pk, state in runs if state == Run.State.DONE]
    still = [pk for pk, state in runs if state != Run.State.DONE]
    indexed = _INDEXED[asked.op]
    of_done = Q(indexed_state__in=indexed)
    if asked.op != "bounced":
        of_done |= Q(indexed_state__isnull=True)
    which = Q(run_id__in=done) & of_done
    if still:
        which |= Q(run_id__in=still, state__in=[*_OPEN[asked.op], *indexed])
    rows = Delivery.objects.filter(which)
    if asked.days is not None:
        rows = rows.filter(changed_at__gte=_since(asked.days, ground))
    return Q(Exists(ground.within(rows)))


def _runs(asked: Condition, ground: Ground) -> QuerySet[Run]:
    mailings = asked.mailings or []
    rows = Run.objects.filter(mailing__owner_id=ground.owner_id, mailing_id__in=mailings)
    return rows if asked.run is None else rows.filter(number=asked.run)
