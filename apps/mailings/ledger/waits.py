"""Who waits for a frequency rule, asked anew when the rules have changed."""

from __future__ import annotations

from typing import Any, Final

from django.db import connection, transaction

from apps.mailings.ledger import dialect, runs
from apps.mailings.ledger.claim import next_due
from apps.mailings.ledger.permission import frequency
from apps.mailings.models import Delivery, Run
from apps.mailings.wait_reasons import reasons_that

#: Deliveries that are asked about in one transaction.
CHUNK: Final = 2000
#: Waits until one of the recipients is due.
_NOBODY_DUE: Final = reasons_that(lambda wait: wait.wakes_on == "recipients")

_WAITING: Final = """
SELECT d.id, d.recipient_id, c.every_days, d.not_before
  FROM mailings_delivery d JOIN mailings_recipient c ON c.id = d.recipient_id
 WHERE d.run_id = %s AND d.id > %s AND d.state = 'pending' AND d.not_before IS NOT NULL
   AND d.response = %s
 ORDER BY d.id LIMIT %s"""


def waiting_runs(owner_id: int) -> list[int]:
    """The owner's open runs with somebody who waits for a rule, in the order of their locks."""
    mine = Run.objects.filter(mailing__owner_id=owner_id)
    going = mine.exclude(state__in=[Run.State.DONE, Run.State.PREPARING])
    rows = Delivery.objects.filter(
        run_id__in=list(going.values_list("pk", flat=True)),
        state=Delivery.State.PENDING,
        not_before__isnull=False,
        response=frequency.WAITS,
    )
    return sorted(rows.order_by().values_list("run_id", flat=True).distinct())


def ask_again(run_id: int) -> int:
    """Give everybody of the run who waits the moment of the rules as they are now.

    Returns how many need not wait any more. A run that stood still for them goes on.
    """
    woken, after = 0, 0
    while True:
        with transaction.atomic():
            run = runs.lock(run_id)
            rows = _next(run, after) if run is not None else []
            if run is None or not rows:
                break
            woken += _judge(run, rows)
            after = rows[-1][0]
            _wake(run)
    return woken


def _next(run: runs.LockedRun, after: int) -> list[tuple[Any, ...]]:
    frequency.enter(run)
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [run.id, after, frequency.WAITS, CHUNK])
        return list(cursor.fetchall())


def _judge(run: runs.LockedRun, rows: list[tuple[Any, ...]]) -> int:
    """Write down until when each waits; who need not is due at once."""
    until = frequency.capped(run, {person: every for _id, person, every, _at in rows})
    moments = {pk: until.get(person, run.now) for pk, person, _every, _at in rows}
    before = {pk: dialect.as_time(at) for pk, _person, _every, at in rows}
    changed = {pk: at for pk, at in moments.items() if at != before[pk]}
    if changed:
        frequency.defer(run, changed)
    return sum(at <= run.now for at in changed.values())


def _wake(run: runs.LockedRun) -> None:
    """Let the run go on if somebody is due, else wait until the first is."""
    due = next_due(run)
    mine = Run.objects.filter(pk=run.id, state=Run.State.DEFERRED, reason__in=_NOBODY_DUE)
    if due is None or not mine.exists():
        return
    if due.at <= run.now:
        runs.enqueue(run)
    else:
        mine.update(deferred_until=due.at)
