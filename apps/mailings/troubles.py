"""What went wrong in a run, grouped by what the far side said, and what happens to it next."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, Min, OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from apps.core.wording import in_words, spoken
from apps.mailings.models import Delivery, Run

#: Deliveries that a page looks through for reasons, and reasons that it shows.
TROUBLES_READ: Final = 2000
TROUBLES_SHOWN: Final = 5
#: Different replies that a report groups, and groups that it shows.
REPLIES_READ: Final = 5000
REASONS_SHOWN: Final = 10
WRONG: Final = ("failed", "unknown", "refused")
#: Tried already, and waiting for the next try.
_WAITING: Final = Q(state="pending", tries__gt=0, not_before__isnull=False)
_ADDRESS: Final = re.compile(r"<?[^\s<>@]+@[^\s<>@]+>?")
#: The queue's number and the like: eight characters or more with a digit among them.
_NUMBER: Final = re.compile(r"\b(?=[0-9A-Za-z-]*\d)[0-9A-Za-z-]{8,}\b")


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that went wrong, how often, and what comes next. ``state`` as in the ledger."""

    state: str
    label: str
    reply: str
    count: int
    next_step: str = ""


def gist(code: int, words: str) -> str:
    """A reply without what is different in every one: addresses and numbers of queues."""
    plain = _NUMBER.sub("…", _ADDRESS.sub("…", in_words(words)))
    return f"{code or ''} {plain}".strip()


def troubles_of(run: Run, now: datetime) -> list[Trouble]:
    """What went wrong in this run, the most frequent first, with the far side's words.

    Counted among the newest ``TROUBLES_READ`` deliveries, for a page must not count a million.
    """
    found = [_waiting(run, now)] if run.pending else []
    if run.failed + run.unknown + run.refused:
        rows = Delivery.objects.filter(run=run, aside__in=WRONG).order_by("-pk")
        replies = rows.values_list("state", "code", "response")[:TROUBLES_READ]
        found += _grouped((*reply, 1) for reply in replies)[:TROUBLES_SHOWN]
    return [trouble for trouble in found if trouble.count]


def is_partly(run: Run) -> bool:
    """Did ``troubles_of`` leave some of them unread?"""
    return run.failed + run.unknown + run.refused > TROUBLES_READ


def reasons_of(run: Run) -> list[Trouble]:
    """The same for a report: every delivery counted, and whatever is not shown summed up."""
    rows = Delivery.objects.filter(run=run, aside__in=WRONG).order_by()
    replies = rows.values_list("state", "code", "response").annotate(count=Count("pk"))
    groups = _grouped(replies.order_by("-count")[:REPLIES_READ])
    shown = groups[:REASONS_SHOWN]
    rest = run.failed + run.unknown + run.refused - sum(group.count for group in shown)
    return [*shown, Trouble("", _("other"), "…", rest)] if rest > 0 else shown


def last_words(runs: Sequence[Run]) -> dict[int, str]:
    """What the newest delivery that went wrong was told, by run: one query for all of them."""
    wrong = Delivery.objects.filter(run=OuterRef("pk"), aside__in=WRONG).order_by("-pk")
    troubled = [run.pk for run in runs if run.failed + run.unknown + run.refused]
    rows = Run.objects.filter(pk__in=troubled).annotate(
        code=Subquery(wrong.values("code")[:1]), words=Subquery(wrong.values("response")[:1])
    )
    found = rows.values_list("pk", "code", "words")
    return {pk: f"{code or ''} {in_words(words or '')}".strip() for pk, code, words in found}


def _grouped(replies: Iterable[tuple[str, int, str, int]]) -> list[Trouble]:
    counted: Counter[tuple[str, str]] = Counter()
    for state, code, words, count in replies:
        counted[state, gist(code, words)] += count
    return [
        Trouble(state, str(Delivery.State(state).label), reply, count, _next_step(state))
        for (state, reply), count in counted.most_common()
    ]


def _waiting(run: Run, now: datetime) -> Trouble:
    """Those whom the far side put off: the sender comes back to them by itself."""
    rows = Delivery.objects.filter(_WAITING, run=run).order_by()
    found = rows.aggregate(count=Count("pk"), soonest=Min("not_before"))
    if not found["count"]:
        return Trouble("pending", "", "", 0)
    code, words = rows.order_by("not_before").values_list("code", "response")[0]
    when = spoken(found["soonest"], now) if found["soonest"] > now else _("shortly")
    step = _("Tried again by itself, the first of them %(when)s.") % {"when": when}
    if run.state == Run.State.PAUSED:
        step = _("Tried again when the mailing goes on.")
    return Trouble("pending", _("put off"), gist(code, words), found["count"], step)


def _next_step(state: str) -> str:
    return {
        "failed": _("Not tried again by itself; the button above does it."),
        "unknown": _("Nobody is written to a second time until you decide."),
        "refused": _("It was accepted first and came back later."),
    }[state]
