"""First openings and clicks are written down as they are counted, for programs that follow them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from apps.mailings.models import FirstReaction, Run, Term

#: They are removed after these days: a webhook that is paused for longer misses what was before.
KEPT_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a letter: whose it is, and when it was first opened and clicked."""

    term: str
    opened_at: datetime | None
    clicked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A letter about which more is known; ``before`` None: nothing was seen of it."""

    run_id: int
    delivery_id: int
    before: Known | None
    after: Known


def note(letters: Iterable[Changed], now: datetime) -> None:
    """Write down what these letters have for the first time: in the transaction that counts it."""
    firsts = [(one, *found) for one in letters for found in _firsts(one)]
    if not firsts:
        return
    runs = Run.objects.filter(pk__in={one.run_id for one, _kind, _at in firsts})
    owners = dict(runs.values_list("pk", "mailing__owner_id"))
    FirstReaction.objects.bulk_create(
        FirstReaction(
            owner_id=owners[one.run_id],
            run_id=one.run_id,
            delivery_id=one.delivery_id,
            kind=kind,
            term=one.after.term,
            at=at,
            counted_at=now,
        )
        for one, kind, at in firsts
        if one.run_id in owners
    )


def _firsts(one: Changed) -> Iterator[tuple[str, datetime]]:
    before, after = one.before, one.after
    fresh = before is None or (before.term != Term.PERSON and after.term == Term.PERSON)
    if after.opened_at is not None and (fresh or before is None or before.opened_at is None):
        yield "open", after.opened_at
    if after.clicked_at is not None and (fresh or before is None or before.clicked_at is None):
        yield "click", after.clicked_at


def counted_before(limit: datetime) -> QuerySet[FirstReaction]:
    """Those that nobody follows any more."""
    return FirstReaction.objects.filter(counted_at__lt=limit)
