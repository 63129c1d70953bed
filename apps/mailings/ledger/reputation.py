"""Counting what leaves and comes back by account, day and domain of the sender; the stop by it.

What leaves is added up from the attempts, a part at a time up to where the history is complete:
nobody who sends does anything for it, and each attempt counts once. A message of which nobody knew
counts when it is decided, or reported, that it left. What comes back is counted in the transaction
that records it; a dead address right after it, for all who send by the account meet in that row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import TruncDate

from apps.core.responses.stored import NOTHING, Response, coded
from apps.core.values.batches import batched
from apps.mailings.models import (
    Attempt,
    Channel,
    CountedAttempts,
    Delivery,
    Reputation,
    Run,
    RunRoute,
    SendingCount,
)

#: Attempts that one look goes over at most.
CHUNK: Final = 50_000
_ROW: Final = 1
#: What a message has become of which nobody knew, where it left.
_LEFT: Final = (Delivery.State.SENT, Delivery.State.DELIVERED, Delivery.State.BOUNCED)
_Key = tuple[date, str, str]


@dataclass(frozen=True, slots=True)
class Stop:
    """Why, and until when, an account sends nothing from a domain."""

    until: datetime
    detail: Response


def count_attempts(upto: int) -> bool:
    """Count the accepted emails of the next attempts, up to this one. True: more are left."""
    counted, _made = CountedAttempts.objects.get_or_create(pk=_ROW)
    if upto <= counted.cursor:
        return False  # nothing is locked for a look that finds nothing
    with transaction.atomic():
        row = CountedAttempts.objects.select_for_update().get(pk=_ROW)
        end = min(upto, row.cursor + CHUNK)
        if end <= row.cursor:
            return False
        part = Attempt.objects.filter(
            pk__gt=row.cursor, pk__lte=end, delivery__channel=Channel.EMAIL
        )
        _add(_accepted(part) + _decided(part), "messages")
        row.cursor = end
        row.save()
    return end < upto


def count_refused(run_id: int, account: str, count: int, now: datetime) -> None:
    """So many addresses of this run turned out to be dead at the hand-over.

    Counted when the transaction of the caller has ended: it holds its run, and would wait here for
    every other that sends by the account. A failure is logged, and is none of the run.
    """

    def add() -> None:
        domain = _sender_domains([run_id]).get(run_id, "")
        key = (now.astimezone(UTC).date(), account, domain)
        _add({key: count}, "messages", "hard_bounces")

    if count:
        transaction.on_commit(add, robust=True)


def count_back(*, hard_bounces: Sequence[int] = (), complaints: Sequence[int] = ()) -> None:
    """These deliveries came back for good, or were complained about: they count where they left."""
    left = _left_at([*hard_bounces, *complaints])
    domains = _sender_domains({run_id for _day, _account, run_id in left.values()})
    for column, deliveries in (("hard_bounces", hard_bounces), ("complaints", complaints)):
        found = (left[number] for number in deliveries if number in left)
        counts = Counter((day, account, domains.get(run_id, "")) for day, account, run_id in found)
        _add(counts, column)


def _left_at(deliveries: Sequence[int]) -> dict[int, tuple[date, str, int]]:
    """By delivery: the day on which it left, the account by which it did, and its run."""
    if not deliveries:
        return {}
    rows = (
        _left_by(Q(delivery_id__in=deliveries))
        .order_by("pk")
        .values_list("delivery_id", "created_at", "account", "delivery__run_id")
    )
    return {
        delivery_id: (at.astimezone(UTC).date(), account, run_id)
        for delivery_id, at, account, run_id in rows
        if delivery_id is not None
    }


def stop_of(account: str, domain: str, now: datetime) -> Stop | None:
    """The stop that is in force for this account and domain."""
    rows = Reputation.objects.in_force(now).filter(account=account, domain=domain)
    row = rows.values_list("until", "detail").first()
    return Stop(*row) if row is not None else None


@transaction.atomic
def allow(account: str, domain: str, now: datetime) -> bool:
    """Let it send again for a manager. False: it was not stopped."""
    rows = Reputation.objects.filter(account=account, domain=domain, until__isnull=False)
    over = {"until": None, "detail": NOTHING, "began_at": None}
    if not rows.update(**over, excused_on=now.astimezone(UTC).date()):
        return False
    wake(account, now)
    return True


def wake(account: str, now: datetime) -> None:
    """What waits for the stop of this account looks again."""
    reason = Run.Reason.COMPLAINTS
    RunRoute.objects.filter(account=account, reason=reason).update(until=now)
    waiting = Run.objects.filter(account=account, state=Run.State.DEFERRED, reason=reason)
    waiting.update(deferred_until=now)


def _left_by(deliveries: Q) -> QuerySet[Attempt]:
    """The attempts by which messages may have left, the last one first."""
    tries = Attempt.objects.filter(deliveries, kind=Attempt.Kind.DELIVERY)
    return tries.exclude(status=Attempt.Status.FAILURE).order_by("-pk")


def _accepted(part: QuerySet[Attempt]) -> Counter[_Key]:
    rows = part.filter(kind=Attempt.Kind.DELIVERY, status=Attempt.Status.SUCCESS)
    return _by_day(rows.annotate(left_at=F("created_at"), by=F("account")))


def _decided(part: QuerySet[Attempt]) -> Counter[_Key]:
    """Those of which nobody knew, until a person or a report said that they had left."""
    said = Q()
    for state in _LEFT:
        said |= Q(response__startswith=coded("decided", Delivery.State.UNKNOWN, state, ""))
    left = _left_by(Q(delivery_id=OuterRef("delivery_id")))
    rows = part.filter(said, kind=Attempt.Kind.AUDIT).annotate(
        left_at=Subquery(left.values("created_at")[:1]), by=Subquery(left.values("account")[:1])
    )
    return _by_day(rows.filter(left_at__isnull=False))


def _by_day(rows: QuerySet[Attempt]) -> Counter[_Key]:
    """How many of these ``left_at`` each day, ``by`` each account, from each domain."""
    day = TruncDate("left_at", tzinfo=UTC)
    grouped = rows.order_by().values_list("delivery__run_id", "by", day).annotate(n=Count("pk"))
    found = list(grouped)
    domains = _sender_domains({run_id for run_id, *_ in found})
    counts: Counter[_Key] = Counter()
    for run_id, account, left_on, count in found:
        counts[left_on, account, domains.get(run_id, "")] += count
    return counts


def _sender_domains(run_ids: Iterable[int]) -> dict[int, str]:
    """The domain of the sender of each of these runs, of those that have one."""
    found: dict[int, str] = {}
    for some in batched(run_ids, 500):
        rows = Run.objects.filter(pk__in=some).values_list("pk", KT("content__sender__address"))
        found |= {pk: address.rpartition("@")[2].lower() for pk, address in rows if address}
    return found


def _add(counts: Mapping[_Key, int], *columns: str) -> None:
    """Add to the rows, each made when it is needed; in one order, so that no two wait in a ring."""
    for day, account, domain in sorted(key for key, count in counts.items() if count):
        count = counts[day, account, domain]
        row, _made = SendingCount.objects.get_or_create(day=day, account=account, domain=domain)
        more = {column: F(column) + count for column in columns}
        SendingCount.objects.filter(pk=row.pk).update(**more)
