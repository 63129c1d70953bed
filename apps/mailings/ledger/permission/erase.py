"""One person leaves the ledger: nothing more is sent, and no row names them. The sums stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.core.personal_data import Person
from apps.core.responses.stored import MAX_RESPONSE, Response
from apps.mailings.ledger import runs
from apps.mailings.ledger.permission.bars import barred_by
from apps.mailings.ledger.runs import LockedRun
from apps.mailings.models import Attempt, Delivery, LeftOut, Run, RunContent, RunRoute

#: Rows of one statement.
_CHUNK = 500


def runs_to_lock(*, owner_id: int, recipient_id: int) -> list[int]:
    """Open runs that may still bring a delivery of this recipient, or have one that is not final.

    They are locked in the order of their ids before the recipient is.
    """
    open_ones = Run.objects.filter(mailing__owner_id=owner_id).exclude(state=Run.State.DONE)
    left = Delivery.objects.filter(
        run_id=OuterRef("pk"),
        recipient_id=recipient_id,
        state__in=(Delivery.State.PENDING, Delivery.State.SENDING),
    )
    found = open_ones.filter(Q(state=Run.State.PREPARING) | Exists(left))
    return list(found.order_by("pk").values_list("pk", flat=True))


def is_being_sent_to(recipient_id: int) -> bool:
    """True if a worker holds a message to this recipient."""
    rows = Delivery.objects.filter(recipient_id=recipient_id, state=Delivery.State.SENDING)
    return rows.exists()


def leave_out(run: LockedRun, recipient_id: int) -> int:
    """Nothing more of this run goes to the recipient. Returns how many deliveries were pending."""
    count = Delivery.objects.filter(
        run_id=run.id, recipient_id=recipient_id, state=Delivery.State.PENDING
    ).update(
        state=Delivery.State.SUPPRESSED,
        left_out=LeftOut.GONE,
        response=barred_by("archived"),
        not_before=None,
        changed_at=run.now,
    )
    runs.leave_out(run, {LeftOut.GONE: count}, left=Delivery.State.PENDING)
    runs.write_counts(run)
    return count


def foldable(ended_before: datetime) -> QuerySet[Delivery]:
    """Those whom runs left out that ended so long ago."""
    old = Run.objects.filter(state=Run.State.DONE, finished_at__lt=ended_before, folded_at=None)
    return Delivery.objects.filter(run__in=old).exclude(left_out="")


def fold(*, ended_before: datetime, most: int) -> int:
    """Drop the rows of those whom runs left out that ended so long ago. Returns how many.

    The counters stay; a run without such rows says since when (``folded_at``).
    """
    old = Run.objects.filter(
        state=Run.State.DONE, finished_at__lt=ended_before, folded_at=None, suppressed__gt=0
    )
    total = 0
    for run_id in list(old.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            run = runs.lock(run_id)
            rows = Delivery.objects.filter(run_id=run_id).exclude(left_out="")
            ids = list(rows.order_by("pk").values_list("pk", flat=True)[: most - total])
            if run is None or run.state != Run.State.DONE:
                continue
            Delivery.objects.filter(pk__in=ids).delete()
            if not rows.exists():
                Run.objects.filter(pk=run_id).update(folded_at=run.now)
        total += len(ids)
        if total >= most:
            break
    return total


def forget_addresses(person: Person, stand_in: Callable[[int, str], str]) -> int:
    """Put a stand-in in the place of every address, and cut what servers said of it.

    ``stand_in`` makes one of a delivery's id and address. Returns how many deliveries there are.
    """
    rows = Delivery.objects.filter(recipient_id=person.recipient_id).only("address", "response")
    found = list(rows)
    for row in found:
        if row.address:
            row.address = stand_in(row.pk, row.address)
        row.response = _cut(person, row.response)
    Delivery.objects.bulk_update(found, ["address", "response"], batch_size=_CHUNK)
    return len(found)


def forget_attempts(person: Person) -> int:
    """Cut the addresses out of what was answered to every try. Returns how many tries there are."""
    rows = Attempt.objects.filter(delivery_id__in=person.delivery_ids).only("response")
    found = list(rows)
    named = [row for row in found if person.names(row.response)]
    for row in named:
        row.response = _cut(person, row.response)
    Attempt.objects.bulk_update(named, ["response"], batch_size=_CHUNK)
    return len(found)


def forget_in_runs(person: Person) -> None:
    """Cut the addresses out of why the person's runs stood still, and what only they were sent."""
    mine = Run.objects.filter(deliveries__recipient_id=person.recipient_id)
    for run in mine.exclude(reason_detail="").only("reason_detail"):
        detail = _cut(person, run.reason_detail)
        Run.objects.filter(pk=run.pk).update(reason_detail=detail)
    for route in RunRoute.objects.filter(run__in=mine).exclude(reason_detail=""):
        detail = _cut(person, route.reason_detail)
        RunRoute.objects.filter(pk=route.pk).update(reason_detail=detail)
    alone = mine.filter(mailing__kind="transactional")
    _without_fields(Run, Run.objects.filter(pk__in=alone.values("pk")))
    _without_fields(RunContent, RunContent.objects.filter(run__in=alone))


def _without_fields(model: type[Run] | type[RunContent], rows: Any) -> None:
    """Of a message to one person, the values that only it was given."""
    for number, content in rows.values_list("pk", "content"):
        if content.pop("fields", None) is not None:
            model.objects.filter(pk=number).update(content=content)


def _cut(person: Person, response: Response) -> Response:
    return Response(person.cut(response)[:MAX_RESPONSE])
