"""What last happened with each person: one narrow row that conditions on days ask.

Sends are followed behind the Horizon of the attempts, so that none is passed by; openings and
clicks are written by the part that counts them. Only a message that measures what its reader does
can be unanswered. A chunk of attempts and the mark that follows them are one transaction: a killed
job begins the chunk again, and a chunk that is met twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from apps.core.contracts import BackgroundJob
from apps.mailings.horizon import Horizon, newest_attempt
from apps.mailings.ledger import dialect
from apps.mailings.models import (
    ActivityMark,
    Attempt,
    Delivery,
    Run,
)
from apps.mailings.segments.engagement.unknown import measured_runs

_SENT: Final = (Delivery.State.SENT, Delivery.State.DELIVERED, Delivery.State.BOUNCED)
#: Ids of attempts that are followed in one transaction.
CHUNK: Final = 5000

#: One statement for all events of a call, in one order; an erased person, whose row stays as an
#: empty one, gets none.
_BOUNCED: Final = """
INSERT INTO mailings_activity AS known (recipient_id, last_bounced_at, unanswered)
SELECT id, %s, 0 FROM mailings_recipient WHERE {of_them} AND erased_at IS NULL ORDER BY id
ON CONFLICT (recipient_id) DO UPDATE SET last_bounced_at = excluded.last_bounced_at
WHERE known.last_bounced_at IS NULL OR known.last_bounced_at < excluded.last_bounced_at
"""


#: In one order, as answers take them one by one.
_LOCK: Final = """
SELECT recipient_id FROM mailings_activity
 WHERE recipient_id IN (SELECT recipient_id FROM mailings_attempt WHERE id > %s AND id <= %s)
 ORDER BY recipient_id FOR UPDATE"""

#: ``sent`` holds what was accepted, and what a person has said was sent since. Who came back
#: before this was followed is found by the delivery; later ones are taken down by ``bounced``.
_TAKE: Final = f"""
WITH sent AS (
    SELECT a.recipient_id, a.kind, d.run_id,
           CASE WHEN a.kind = '{Attempt.Kind.DELIVERY}' THEN a.created_at ELSE d.sent_at END AS at,
           CASE WHEN a.kind = '{Attempt.Kind.DELIVERY}' AND d.state = '{Delivery.State.BOUNCED}'
                THEN d.changed_at END AS back
      FROM mailings_attempt a
      LEFT JOIN mailings_delivery d ON d.id = a.delivery_id
     WHERE a.id > %%s AND a.id <= %%s
       AND (a.kind = '{Attempt.Kind.DELIVERY}' AND a.status = '{Attempt.Status.SUCCESS}'
            OR a.kind = '{Attempt.Kind.AUDIT}' AND d.sent_at IS NOT NULL
               AND d.state IN ({", ".join(f"'{state}'" for state in _SENT)})))
INSERT INTO mailings_activity AS known (recipient_id, last_sent_at, last_bounced_at, unanswered)
SELECT c.id, max(sent.at), max(sent.back),
       sum(CASE WHEN sent.kind = '{Attempt.Kind.DELIVERY}'
                 AND sent.run_id IN (%(measured)s) AND NOT c.unmeasured
                 AND (v.last_opened_at IS NULL OR v.last_opened_at < sent.at)
                 AND (v.last_clicked_at IS NULL OR v.last_clicked_at < sent.at)
                THEN 1 ELSE 0 END)
  FROM sent
  JOIN mailings_recipient c ON c.id = sent.recipient_id AND c.erased_at IS NULL
  LEFT JOIN mailings_activity v ON v.recipient_id = c.id
 GROUP BY c.id
 ORDER BY c.id
ON CONFLICT (recipient_id) DO UPDATE SET
    last_sent_at = CASE WHEN known.last_sent_at > excluded.last_sent_at
                        THEN known.last_sent_at ELSE excluded.last_sent_at END,
    last_bounced_at = CASE WHEN known.last_bounced_at IS NULL
                             OR known.last_bounced_at < excluded.last_bounced_at
                           THEN excluded.last_bounced_at ELSE known.last_bounced_at END,
    unanswered = known.unanswered + excluded.unanswered"""


class ActivityRollup(BackgroundJob):
    """Follows what was sent; at its first start it catches up with the whole history."""

    name = "activity"
    every_tick = True

    def __init__(self) -> None:
        self._horizon = Horizon()

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        bound = self._horizon.safe_id()
        while not stopping() and follow(bound=bound, now=now):
            pass


@transaction.atomic
def follow(*, bound: int, now: datetime) -> bool:
    """Take the next attempts up to this id into the roll-up. True when there may be more."""
    ActivityMark.objects.get_or_create(pk=1)
    ActivityMark.objects.filter(pk=1).update(id=1)  # its lock, and on SQLite the write lock
    mark = ActivityMark.objects.get(pk=1)
    end = min(bound, mark.attempt_id + CHUNK)
    if end > mark.attempt_id:
        _take(mark.attempt_id, end)
    elif mark.followed_until and (now - mark.followed_until).total_seconds() < 10:
        return False
    complete = end >= newest_attempt()
    until = now if complete else _moment_of(end, mark.followed_until)
    ActivityMark.objects.filter(pk=1).update(
        attempt_id=max(end, mark.attempt_id), followed_until=until
    )
    return end < bound


def _moment_of(attempt_id: int, otherwise: datetime | None) -> datetime | None:
    found = Attempt.objects.filter(pk__lte=attempt_id).order_by("-pk").values("created_at").first()
    return found["created_at"] if found else otherwise


def _take(above: int, end: int) -> None:
    """Take the sends of these attempts into the rows of those who are still known."""
    attempts = Attempt.objects.filter(pk__gt=above, pk__lte=end).order_by()
    runs = list(attempts.values_list("delivery__run_id", flat=True).distinct())
    measured = measured_runs(Run.objects.filter(pk__in=runs))
    take = _TAKE % {"measured": ", ".join(map(str, measured)) or "NULL"}
    with connection.cursor() as cursor:
        if dialect.on_postgresql():  # an answer that is being taken down is waited for
            cursor.execute(_LOCK, [above, end])
        cursor.execute(take, [above, end])


def bounced(recipient_ids: Iterable[int], *, at: datetime) -> None:
    """Take down that a message to each of these people came back."""
    ids = sorted(set(recipient_ids))
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _BOUNCED.format(of_them=dialect.any_of("id")),
            [dialect.time_value(at), dialect.ids_value(ids)],
        )
