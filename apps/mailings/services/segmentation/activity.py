"""What last happened with each person: one narrow row that conditions on days ask.

Sends are followed behind the Horizon of the attempts, so that none is passed by; openings and
clicks are written by the part that receives them. A chunk of attempts and the mark that follows
them are one transaction: a killed job begins the chunk again, and a chunk that is met twice changes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.db.models import QuerySet

from apps.core.contracts import BackgroundJob
from apps.mailings.horizon import Horizon, newest_attempt
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
    rows = Attempt.objects.filter(pk__gt=above, pk__lte=end).order_by()
    sent: dict[int, list[datetime]] = {}
    came_back: dict[int, datetime] = {}
    found = rows.filter(kind=Attempt.Kind.DELIVERY, status=Attempt.Status.SUCCESS).values_list(
        "recipient_id", "created_at", "delivery__state", "delivery__changed_at"
    )
    for pk, moment, state, changed_at in found:
        sent.setdefault(pk, []).append(moment)
        if state == Delivery.State.BOUNCED:  # before it was followed; later ones say so themselves
            came_back[pk] = max(came_back.get(pk, changed_at), changed_at)
    decided = _decided(rows)
    have = _rows_for({*sent, *decided})
    changed = []
    for row in have:
        moments = sent.get(row.pk, [])
        row.unanswered += sum(_is_unanswered(row, moment) for moment in moments)
        row.last_sent_at = max(filter(None, [row.last_sent_at, decided.get(row.pk), *moments]))
        row.last_bounced_at = _last(row.last_bounced_at, came_back.get(row.pk))
        changed.append(row)
    columns = ["last_sent_at", "last_bounced_at", "unanswered"]
    Activity.objects.bulk_update(changed, columns, batch_size=500)


def _decided(rows: QuerySet[Attempt]) -> dict[int, datetime]:
    """Of whom somebody has said since that their message was sent, and when that was."""
    found = rows.filter(
        kind=Attempt.Kind.AUDIT,
        delivery__state__in=_SENT,
        delivery__sent_at__isnull=False,
    ).values_list("recipient_id", "delivery__sent_at")
    decided: dict[int, datetime] = {}
    for pk, moment in found:
        decided[pk] = max(decided.get(pk, moment), moment)
    return decided


def _is_unanswered(row: Activity, moment: datetime) -> bool:
    """Nothing has come back from the person since."""
    answers = [at for at in (row.last_opened_at, row.last_clicked_at) if at is not None]
    return all(at < moment for at in answers)


def _rows_for(ids: Iterable[int]) -> list[Activity]:
    """The rows of these people who are still known, locked, those that are missing made."""
    living = Recipient.objects.filter(pk__in=list(ids), erased_at=None)
    known = living.values_list("pk", flat=True)
    Activity.objects.bulk_create(
        (Activity(recipient_id=pk) for pk in known), ignore_conflicts=True, batch_size=1000
    )
    return list(Activity.objects.select_for_update().filter(pk__in=list(known)).order_by("pk"))


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
    for row in _rows_for([recipient_id]):
        row.last_opened_at = _last(row.last_opened_at, opened_at)
        row.last_clicked_at = _last(row.last_clicked_at, clicked_at)
        newest = _last(opened_at, clicked_at)
        if newest and (row.last_sent_at is None or newest >= row.last_sent_at):
            row.unanswered = 0
        row.save(update_fields=["last_opened_at", "last_clicked_at", "unanswered"])


def bounced(*, recipient_id: int, at: datetime) -> None:
    """Take down that a message to this person came back."""
    with connection.cursor() as cursor:
        cursor.execute(_BOUNCED, [connection.ops.adapt_datetimefield_value(at), recipient_id])


def _first(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)


def _last(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((at for at in (one, other) if at is not None), default=None)
