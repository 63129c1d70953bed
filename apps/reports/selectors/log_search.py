"""Everything that is known of one mailing, delivery or recipient, in the order of time.

The log says what was done and what went wrong. What simply went well is not written there for
every single letter: the ledger knows it, and its rows are put between the lines as if they were.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet

from apps.core.logs.files import log_lines, moment_of
from apps.core.text.formatting import in_words
from apps.delivery.accounts import request_words
from apps.mailings.models import Attempt, Delivery, Recipient
from apps.mailings.selectors.recipients import suppressions_of

Line = dict[str, Any]

_EVENTS: Final = {
    Attempt.Status.SUCCESS: "delivery_sent",
    Attempt.Status.FAILURE: "delivery_failed",
    Attempt.Status.UNKNOWN: "delivery_unknown",
}

#: A line of the log or of the ledger about a try: something was sent.
_TRIED: Final = frozenset({*_EVENTS.values(), "delivery_retry"})
_WITHOUT_ATTEMPT: Final = (
    Delivery.State.SUPPRESSED,
    Delivery.State.EXPIRED,
    Delivery.State.CANCELLED,
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is searched for: ``kind`` is mailing, delivery or recipient."""

    kind: str
    id: int

    def concerns(self, line: Line) -> bool:
        """True if this line is about it. A line about many names them in a list."""
        if line.get(f"{self.kind}_id") == self.id:
            return True
        many = line.get(f"{self.kind}_ids")
        return isinstance(many, list) and self.id in many


def lines_about(subject: Subject, *, since: datetime | None = None) -> Iterator[Line]:
    """Every line of it, the oldest first; an attempt that stands in the log comes once.

    The log's own lines are sorted in memory: they are bounded by what the log keeps.
    """
    found = log_lines(settings.LOG_DIR, text=str(subject.id), since=since)
    written = sorted(filter(subject.concerns, found), key=moment_of)
    logged = {
        (line.get("delivery_id"), line["recorded_at"]) for line in written if "recorded_at" in line
    }
    tried = (
        line
        for line in _attempt_lines(subject, since)
        if (line["delivery_id"], line["timestamp"]) not in logged
    )
    ended = (
        line
        for line in _ended_lines(subject, since)
        if (line["delivery_id"], line["timestamp"]) not in logged
    )
    lines = heapq.merge(written, tried, ended, _recipient_lines(subject, since), key=moment_of)
    return map(_with_request, lines)


def _attempt_lines(subject: Subject, since: datetime | None) -> Iterator[Line]:
    """The ledger's attempts, a chunk at a time."""
    rows = _attempts(subject).order_by("created_at", "pk")
    if since is not None:
        rows = rows.filter(created_at__gte=since)
    for row in rows.iterator(chunk_size=2000):
        audit = row.kind == Attempt.Kind.AUDIT
        yield _masked(
            {
                "timestamp": row.created_at.isoformat(),
                "level": "info",
                "event": "delivery_noted" if audit else _EVENTS[Attempt.Status(row.status)],
                "mailing_id": row.mailing_id,
                "run": row.run_number,
                "delivery_id": row.delivery_id,
                "recipient_id": row.recipient_id,
                "account": row.account,
                "trigger": row.trigger,
                "code": row.code,
                "response": in_words(row.response),
                "seconds": row.seconds,
                "from": "ledger",
            }
        )


def _ended_lines(subject: Subject, since: datetime | None) -> Iterator[Line]:
    """The deliveries whose end no attempt records: nothing was sent to them, or no more."""
    rows = (
        _deliveries(subject).filter(indexed_state__in=_WITHOUT_ATTEMPT).order_by("changed_at", "pk")
    )
    if since is not None:
        rows = rows.filter(changed_at__gte=since)
    for row in rows.select_related("run").defer("run__content").iterator(chunk_size=2000):
        yield _masked(
            {
                "timestamp": row.changed_at.isoformat(),
                "level": "info",
                "event": f"delivery_{row.state}",
                "mailing_id": row.run.mailing_id,
                "run": row.run.number,
                "delivery_id": row.pk,
                "recipient_id": row.recipient_id,
                "trigger": row.run.trigger,
                "tries": row.tries,
                "code": row.code,
                "response": in_words(row.response),
                "from": "ledger",
            }
        )


def _deliveries(subject: Subject) -> QuerySet[Delivery]:
    """By the paths that have an index."""
    if subject.kind == "mailing":
        return Delivery.objects.filter(run__mailing_id=subject.id)
    if subject.kind == "delivery":
        return Delivery.objects.filter(pk=subject.id)
    return Delivery.objects.filter(recipient_id=subject.id)


def _with_request(line: Line) -> Line:
    """A line about a try says as well what was asked of whom."""
    if line.get("event") in _TRIED and line.get("account") and line.get("delivery_id"):
        asked = request_words(str(line["account"]), line["delivery_id"])
        return {**line, "request": asked} if asked else line
    return line


def _attempts(subject: Subject) -> QuerySet[Attempt]:
    """By the paths that have an index."""
    if subject.kind == "mailing":
        return Attempt.objects.filter(mailing_id=subject.id)
    if subject.kind == "delivery":
        return Attempt.objects.filter(delivery_id=subject.id)
    return Attempt.objects.filter(delivery__recipient_id=subject.id)


def _recipient_lines(subject: Subject, since: datetime | None) -> Iterator[Line]:
    """What the recipient's own row says: lists come in without a line for each of their rows."""
    row = Recipient.objects.filter(pk=subject.id).first() if subject.kind == "recipient" else None
    if row is None:
        return
    moments: list[tuple[datetime, str, Line]] = [
        (row.created_at, "recipient_added", {"import_id": row.added_by_id})
    ]
    if row.updated_at - row.created_at > timedelta(seconds=1):
        moments.append((row.updated_at, "recipient_last_changed", {}))
    for one in suppressions_of(row):
        why = {"reason": one.reason, "channel": one.channel}
        moments.append((one.created_at, "recipient_suppressed", why))
    for moment, event, facts in sorted(moments, key=lambda logged: logged[0]):
        if since is None or moment >= since:
            about = {"recipient_id": row.pk, "user_id": row.owner_id, **facts, "from": "database"}
            yield {"timestamp": moment.isoformat(), "level": "info", "event": event, **about}


def _masked(line: Line) -> Line:
    """As the log would write it."""
    masked: Line = settings.LOG_MASKING.fields(line)
    return masked
