"""Week after week over all mailings: reactions, bounces, complaints, who came and who left."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncWeek

from apps.core.contracts import Actor
from apps.mailings.models import Mailing, Recipient, Run, Suppression, SuppressionEvent
from apps.mailings.selectors.engagement.reactions import MEASURED, Reactions, summed, together
from apps.mailings.selectors.totals import SENT, percent, sum_of
from apps.reports.selectors.attempts import start_of

WEEKS: Final = 12
#: The best and the worst are chosen among mailings to at least so many: a share of few is chance.
LEAST: Final = 20
SHOWN: Final = 5
_Act, _Reason = SuppressionEvent.Act, Suppression.Reason


@dataclass(slots=True)
class Week:
    """What was sent in runs that began in this week, and who came and left in it.

    ``reactions`` are those of measured runs; None where there was none.
    """

    start: date
    sent: int = 0
    bounced: int = 0
    complaints: int = 0
    added: int = 0
    unsubscribed: int = 0
    undeliverable: int = 0
    reactions: Reactions | None = None

    @property
    def opened_rate(self) -> float | None:
        return self.reactions.opened_rate if self.reactions is not None else None

    @property
    def clicked_rate(self) -> float | None:
        return self.reactions.clicked_rate if self.reactions is not None else None

    @property
    def bounced_rate(self) -> float | None:
        """Bounced of all that were sent, in percent."""
        return percent(self.bounced, self.sent)

    @property
    def complaint_rate(self) -> float | None:
        """Complaints about all that were sent, in percent."""
        return percent(self.complaints, self.sent)

    @property
    def left(self) -> int:
        """Who unsubscribed, and addresses that can no longer be written to."""
        return self.unsubscribed + self.undeliverable


@dataclass(frozen=True, slots=True)
class Ranked:
    """A mailing among the best or the worst."""

    pk: int
    name: str
    reactions: Reactions


@dataclass(frozen=True, slots=True)
class Trend:
    """The last weeks, and the mailings of which most and least was opened in them."""

    weeks: list[Week] = field(default_factory=list)
    best: list[Ranked] = field(default_factory=list)
    worst: list[Ranked] = field(default_factory=list)


def trend_of(actor: Actor, today: date) -> Trend:
    """Counted afresh; the view keeps it."""
    first = today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
    weeks = {start: Week(start) for start in (first + timedelta(weeks=n) for n in range(WEEKS))}
    runs = Run.objects.visible_to(actor).filter(started_at__gte=start_of(first)).order_by()
    _add_sent(weeks, runs)
    _add_recipients(weeks, actor, first)
    best, worst = _best_and_worst(_add_reactions(weeks, runs))
    return Trend(list(weeks.values()), best, worst)


def _add_sent(weeks: dict[date, Week], runs: QuerySet[Run]) -> None:
    rows = runs.annotate(week=TruncWeek("started_at")).values_list("week")
    sums = {"n_sent": Sum(sum_of(SENT)), "n_bounced": Sum("bounced"), "n_spam": Sum("complaints")}
    for moment, sent, bounced, complaints in rows.annotate(**sums):
        week = weeks[moment.date()]
        week.sent, week.bounced, week.complaints = sent, bounced, complaints


def _add_reactions(weeks: dict[date, Week], runs: QuerySet[Run]) -> list[Ranked]:
    """Those of every week; returns them by mailing."""
    rows = runs.filter(MEASURED, urgent=False).annotate(week=TruncWeek("started_at"))
    found: dict[int, list[Reactions]] = {}
    for moment, mailing_id, *sums in rows.values_list("week", "mailing_id").annotate(**summed()):
        reactions = Reactions(*sums)
        week = weeks[moment.date()]
        week.reactions = together((week.reactions, reactions))
        found.setdefault(mailing_id, []).append(reactions)
    names = dict(Mailing.objects.filter(pk__in=found).values_list("pk", "name"))
    summed_up = ((pk, together(parts)) for pk, parts in found.items())
    return [Ranked(pk, names[pk], parts) for pk, parts in summed_up if parts is not None]


def _best_and_worst(ranked: list[Ranked]) -> tuple[list[Ranked], list[Ranked]]:
    """Nobody is in both; of an odd number the middle one is in neither."""
    known = [one for one in ranked if one.reactions.standing >= LEAST]
    known.sort(key=lambda one: (-(one.reactions.opened_rate or 0), one.pk))
    half = min(len(known) // 2, SHOWN)
    return known[:half], known[len(known) - half :][::-1]


def _add_recipients(weeks: dict[date, Week], actor: Actor, first: date) -> None:
    living = Recipient.objects.visible_to(actor).filter(archived_at=None)
    for day, count in _by_week(living, first).items():
        weeks[day].added = count
    stops = SuppressionEvent.objects.visible_to(actor).filter(act=_Act.ADDED)
    for day, count in _by_week(stops.filter(reason=_Reason.UNSUBSCRIBED), first).items():
        weeks[day].unsubscribed = count
    for day, count in _by_week(stops.filter(reason=_Reason.BOUNCED), first).items():
        weeks[day].undeliverable = count


def _by_week(rows: QuerySet[Any], first: date) -> Counter[date]:
    lately = rows.filter(created_at__gte=start_of(first)).order_by()
    counted = lately.annotate(week=TruncWeek("created_at")).values_list("week")
    return Counter({moment.date(): count for moment, count in counted.annotate(Count("pk"))})
