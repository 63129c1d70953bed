"""What went wrong in a run, grouped by the server's response, and what happens to it next."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.text.formatting import humanize_time, in_words
from apps.mailings.failure_reasons import OTHER, REASONS, reason_name
from apps.mailings.models import Delivery, Run

#: Deliveries that a page looks through for reasons, and reasons that it shows.
FAILURES_READ: Final = 2000
FAILURES_SHOWN: Final = 5
#: Different replies that a report groups, and groups that it shows.
REPLIES_READ: Final = 5000
REASONS_SHOWN: Final = 10
WRONG: Final = ("failed", "unknown", "bounced")
#: Tried already, and waiting for the next try.
_WAITING: Final = Q(state="pending", tries__gt=0, not_before__isnull=False)
_ADDRESS: Final = re.compile(r"<?[^\s<>@]+@[^\s<>@]+>?")
#: The queue's number and the like: eight characters or more with a digit among them.
_NUMBER: Final = re.compile(r"\b(?=[0-9A-Za-z-]*\d)[0-9A-Za-z-]{8,}\b")


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """One thing that went wrong, and how often; codes alone, said in the reader's language.

    ``state`` as in the ledger, empty for the sum of all that is not shown; ``code`` and
    ``response`` are one reply of its kind; ``soonest`` is when the first of those who wait is tried
    again; ``held``: the run is paused.
    """

    state: str
    reason: str
    code: int
    response: str
    count: int
    soonest: datetime | None = None
    held: bool = False

    @property
    def label(self) -> str:
        """The state of these deliveries."""
        if self.state == Delivery.State.PENDING:
            return _("deferred")
        return str(Delivery.State(self.state).label) if self.state else _("other")

    @property
    def reason_label(self) -> str:
        return str(REASONS[self.reason].label) if self.state else ""

    @property
    def reply(self) -> str:
        """The server's own words, without what differs from one to the other."""
        return gist(self.code, self.response) if self.state else "…"

    @property
    def next_step(self) -> str:
        """What happens next, or what a person may do."""
        if self.state == Delivery.State.PENDING:
            return self._next_try()
        steps = {
            "": "",
            "failed": str(REASONS[self.reason].next_step)
            or _("Not retried automatically; use the button above."),
            "unknown": _("Your decision is needed; nothing is sent again until then."),
            "bounced": _("Accepted by the server, then bounced."),
        }
        return steps[self.state]

    def _next_try(self) -> str:
        if self.held:
            return _("Retried once the mailing is resumed.")
        now = timezone.now()
        later = self.soonest is not None and self.soonest > now
        when = humanize_time(self.soonest, now) if later and self.soonest else _("shortly")
        return _("Retried automatically, the first of them %(when)s.") % {"when": when}


def gist(code: int, text: str) -> str:
    """A reply without what is different in every one: addresses and numbers of queues."""
    return f"{code or ''} {_plain(in_words(text))}".strip()


def _plain(text: str) -> str:
    return _NUMBER.sub("…", _ADDRESS.sub("…", text))


def failures_of(run: Run) -> list[FailureGroup]:
    """What went wrong in this run, the most frequent first, by reason.

    Counted among the newest ``FAILURES_READ`` deliveries, for a page must not count a million.
    """
    found = _waiting(run) if run.pending else []
    if run.failed + run.unknown + run.bounced:
        rows = Delivery.objects.filter(run=run, indexed_state__in=WRONG).order_by("-pk")
        replies = rows.values_list("state", "code", "response")[:FAILURES_READ]
        found += _grouped((*reply, 1) for reply in replies)[:FAILURES_SHOWN]
    return found


def is_partly(run: Run) -> bool:
    """True if ``failures_of`` left some of them unread."""
    return run.failed + run.unknown + run.bounced > FAILURES_READ


def reasons_of(run: Run) -> list[FailureGroup]:
    """The same for a report: every delivery counted, and whatever is not shown summed up."""
    rows = Delivery.objects.filter(run=run, indexed_state__in=WRONG).order_by()
    replies = rows.values_list("state", "code", "response").annotate(count=Count("pk"))
    groups = _grouped(replies.order_by("-count")[:REPLIES_READ])
    shown = groups[:REASONS_SHOWN]
    rest = run.failed + run.unknown + run.bounced - sum(group.count for group in shown)
    return [*shown, FailureGroup("", OTHER, 0, "", rest)] if rest > 0 else shown


@dataclass(frozen=True, slots=True)
class Failed:
    """The failed of a run, divided into those that may succeed at another try and the others."""

    hopeful: Sequence[FailureGroup]
    others: Sequence[FailureGroup]

    @property
    def hopeful_count(self) -> int:
        return sum(group.count for group in self.hopeful)

    @property
    def count(self) -> int:
        return self.hopeful_count + sum(group.count for group in self.others)


def failed_of(run: Run) -> Failed:
    """Everybody who failed in this run, by reason."""
    rows = Delivery.objects.filter(run=run, indexed_state="failed").order_by()
    replies = rows.values_list("state", "code", "response").annotate(count=Count("pk"))
    counted: Counter[str] = Counter()
    for state, code, text, count in replies:
        counted[reason_name(state, code, text)] += count
    groups = [FailureGroup("failed", name, 0, "", count) for name, count in counted.most_common()]
    return Failed(
        [group for group in groups if REASONS[group.reason].may_succeed],
        [group for group in groups if not REASONS[group.reason].may_succeed],
    )


def _grouped(replies: Iterable[tuple[str, int, str, int]]) -> list[FailureGroup]:
    """By state and reason; what has no reason of ours, by its words."""
    counted: Counter[tuple[str, str, str]] = Counter()
    sample: dict[tuple[str, str, str], tuple[int, str]] = {}
    for state, code, text, count in replies:
        reason = reason_name(state, code, text)
        key = (state, reason, f"{code} {_plain(text)}" if reason == OTHER else "")
        counted[key] += count
        sample.setdefault(key, (code, text))
    return [
        FailureGroup(key[0], key[1], *sample[key], count) for key, count in counted.most_common()
    ]


def _waiting(run: Run) -> list[FailureGroup]:
    """The deliveries deferred by the server: they are retried automatically."""
    rows = Delivery.objects.filter(_WAITING, run=run).order_by("not_before")
    groups: dict[str, list[tuple[int, str, datetime | None]]] = {}
    for code, text, at in rows.values_list("code", "response", "not_before")[:FAILURES_READ]:
        groups.setdefault(reason_name("pending", code, text), []).append((code, text, at))
    held = run.state == Run.State.PAUSED
    found = [
        FailureGroup("pending", reason, first[0][0], first[0][1], len(first), first[0][2], held)
        for reason, first in groups.items()
    ]
    return sorted(found, key=lambda group: -group.count)
