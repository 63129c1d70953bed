"""What last happened with each person: one narrow row that conditions on days ask.

Sends are followed behind the Horizon of the attempts, so that none is passed by; openings and
clicks are written by the part that receives them. A chunk of attempts and the mark that follows
them are one transaction: a killed job begins the chunk again, and a chunk that is met twice changes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from apps.core.contracts import BackgroundJob
from apps.mailings.horizon import Horizon, newest_attempt
from apps.mailings.ledger import dialect
from apps.mailings.models import Activity, ActivityMark, Attempt, Delivery, Engagement, Recipient

_SENT: Final = (Delivery.State.SENT, Delivery.State.DELIVERED, Delivery.State.BOUNCED)
#: Ids of attempts that are followed in one transaction.
CHUNK: Final = 5000

#: One statement, for each event of a provider costs it; an erased person, whose row stays as an
#: empty one, gets none.
_BOUNCED: Final = """
INSERT INTO mailings_activity AS known (recipient_id, last_bounced_at, unanswered)
SELECT id, %s, 0 FROM mailings_recipient WHERE id = %s AND erased_at IS NULL
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
    SELECT a.recipient_id, a.kind,
           CASE WHEN a.kind = '{Attempt.Kind.DELIVERY}' THEN a.created_at ELSE d.sent_at END AS at,
           CASE WHEN a.kind = '{Attempt.Kind.DELIVERY}' AND d.state = '{Delivery.State.BOUNCED}'
                THEN d.changed_at END AS back
      FROM mailings_attempt a
      LEFT JOIN mailings_delivery d ON d.id = a.delivery_id
     WHERE a.id > %s AND a.id <= %s
       AND (a.kind = '{Attempt.Kind.DELIVERY}' AND a.status = '{Attempt.Status.SUCCESS}'
            OR a.kind = '{Attempt.Kind.AUDIT}' AND d.sent_at IS NOT NULL
               AND d.state IN ({", ".join(f"'{state}'" for state in _SENT)})))
INSERT INTO mailings_activity AS known (recipient_id, last_sent_at, last_bounced_at, unanswered)
SELECT c.id, max(sent.at), max(sent.back),
       sum(CASE WHEN sent.kind = '{Attempt.Kind.DELIVERY}'
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
    with connection.cursor() as cursor:
        if dialect.on_postgresql():  # an answer that is being taken down is waited for
            cursor.execute(_LOCK, [above, end])
        cursor.execute(_TAKE, [above, end])


@transaction.atomic
def engaged(
    *,
    run_id: int,
    recipient_id: int,
    opened_at: datetime | None = None,
    clicked_at: datetime | None = None,
    machine: bool = False,
) -> None:
    """Take down that a person, or a machine, opened a message of this run or followed its link.

    The first moment of each is kept. A machine counts until the person reacts, and never again.
    """
    if not _is_known(recipient_id):
        return
    rows = Engagement.objects.filter(run_id=run_id, recipient_id=recipient_id)
    fresh = Engagement(run_id=run_id, recipient_id=recipient_id, machine_only=machine)
    Engagement.objects.bulk_create([fresh], ignore_conflicts=True)
    row = rows.select_for_update().get()
    if machine and not row.machine_only:
        return
    if row.machine_only and not machine:
        row.opened_at, row.clicked_at, row.machine_only = None, None, False
    row.opened_at = _first(row.opened_at, opened_at)
    row.clicked_at = _first(row.clicked_at, clicked_at)
    row.save(update_fields=["opened_at", "clicked_at", "machine_only"])
    if not machine:
        _answered(recipient_id, opened_at, clicked_at)


def _answered(recipient_id: int, opened_at: datetime | None, clicked_at: datetime | None) -> None:
    Activity.objects.bulk_create([Activity(recipient_id=recipient_id)], ignore_conflicts=True)
    row = Activity.objects.select_for_update().get(pk=recipient_id)
    row.last_opened_at = _last(row.last_opened_at, opened_at)
    row.last_clicked_at = _last(row.last_clicked_at, clicked_at)
    newest = _last(opened_at, clicked_at)
    if newest and (row.last_sent_at is None or newest >= row.last_sent_at):
        row.unanswered = 0
    row.save(update_fields=["last_opened_at", "last_clicked_at", "unanswered"])


def _is_known(recipient_id: int) -> bool:
    """False for an erased person, whose row stays as an empty one."""
    return Recipient.objects.filter(pk=recipient_id, erased_at=None).exists()


def bounced(*, recipient_id: int, at: datetime) -> None:
    """Take down that a message to this person came back."""
    with connection.cursor() as cursor:
        cursor.execute(_BOUNCED, [connection.ops.adapt_datetimefield_value(at), recipient_id])


def _first(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)


def _last(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((at for at in (one, other) if at is not None), default=None)
