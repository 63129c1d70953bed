"""How many messages one person may get from one owner in a time: counted exactly, at the claim.

Claims of one owner take the gate in turn, so that no two of them count the same people at once.
Order of locks: lease, run, gate, windows of limits, deliveries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Q

from apps.core.responses.stored import coded
from apps.mailings.ledger import dialect
from apps.mailings.ledger.runs import LockedRun
from apps.mailings.models import FrequencyGate, FrequencyRule, Mailing, Run

#: What a delivery says that waits until its person may get one more message.
WAITS: Final = coded("cap_waits")

_HISTORY = """
SELECT h.recipient_id, h.channel, CASE WHEN h.state = 'sending' THEN NULL ELSE h.sent_at END
  FROM mailings_delivery h
 WHERE {people} AND {runs}
   AND (h.state = 'sending'
        OR (h.state IN ('sent', 'delivered', 'bounced', 'unknown') AND h.sent_at > %s))"""


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many in so many days; ``channel`` empty: on all of them together."""

    messages: int
    days: int
    channel: str = ""

    def free_at(self, got: Iterable[tuple[str, datetime]], now: datetime) -> datetime | None:
        """When one more may be sent; None: now."""
        span = timedelta(days=self.days)
        of_channel = (at for channel, at in got if self.channel in ("", channel))
        counted = sorted(at for at in of_channel if at > now - span)
        if len(counted) < self.messages:
            return None
        return counted[len(counted) - self.messages] + span


def enter(run: LockedRun) -> None:
    """Take the owner's gate for this transaction; make it, if there is none."""
    if not run.gated:
        FrequencyGate.objects.bulk_create(
            [FrequencyGate(owner_id=run.owner_id)], ignore_conflicts=True
        )
    with connection.cursor() as cursor:
        sql = "SELECT g.owner_id FROM mailings_frequencygate g WHERE g.owner_id = %s"
        cursor.execute(sql + dialect.lock_row("g"), [run.owner_id])


def capped(run: LockedRun, every_days: Mapping[int, int | None]) -> dict[int, datetime]:
    """Of these people (with their own wishes) those who may get no more now, and until when."""
    return capped_on(run.channel, every_days, owner_id=run.owner_id, now=run.now)


def capped_on(
    channel: str, every_days: Mapping[int, int | None], *, owner_id: int, now: datetime
) -> dict[int, datetime]:
    """The same of a message on this channel that is no run's yet."""
    rules = FrequencyRule.objects.filter(owner_id=owner_id, channel__in=("", channel))
    common = [Cap(one.messages, one.days, one.channel) for one in rules]
    own = {one: Cap(1, days) for one, days in every_days.items() if days}
    people = list(every_days) if common else list(own)
    if not people:
        return {}
    longest = max(one.days for one in (*common, *own.values()))
    got = _got(owner_id, people, since=now - timedelta(days=longest), now=now)
    waits: dict[int, datetime] = {}
    for one in people:
        caps = [*common, own[one]] if one in own else common
        times = [at for cap in caps if (at := cap.free_at(got.get(one, ()), now))]
        if times:
            waits[one] = max(times)
    return waits


def _got(
    owner_id: int, people: list[int], *, since: datetime, now: datetime
) -> Mapping[int, list[tuple[str, datetime]]]:
    """What these people got, or may get, from this owner: channel and time of each message."""
    ids = counted_runs(owner_id, since)
    sql = _HISTORY.format(people=dialect.any_of("h.recipient_id"), runs=dialect.any_of("h.run_id"))
    found: dict[int, list[tuple[str, datetime]]] = defaultdict(list)
    with connection.cursor() as cursor:
        params = [dialect.ids_value(people), dialect.ids_value(ids), dialect.time_value(since)]
        cursor.execute(sql, params)
        for recipient_id, channel, sent_at in cursor.fetchall():
            found[recipient_id].append((channel, dialect.as_time(sent_at) or now))
    return found


def counted_runs(owner_id: int, since: datetime) -> list[int]:
    """The runs whose messages count, if they were sent since then."""
    recent = Run.objects.filter(~Q(state=Run.State.DONE) | Q(finished_at__gt=since))
    recent = recent.filter(
        mailing__owner_id=owner_id,
        mailing__purpose=Mailing.Purpose.MARKETING,
        mailing__kind__in=(Mailing.Kind.MAILING, Mailing.Kind.AUTOMATION),
    )
    return list(recent.order_by().values_list("pk", flat=True))


def defer(run: LockedRun, until: Mapping[int, datetime]) -> None:
    """These deliveries wait until then."""
    rows = [(one, str(dialect.time_value(at))) for one, at in until.items()]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mailings_delivery SET response = %s, changed_at = %s,"
            f" not_before = {dialect.from_recordset_time('o.until')}"
            f" FROM {dialect.recordset({'id': 'bigint', 'until': 'time'})}"
            " WHERE mailings_delivery.id = o.id AND mailings_delivery.state = 'pending'",
            [WAITS, dialect.time_value(run.now), dialect.recordset_value(rows)],
        )
