"""The states of sign-ups, and the figures of a form: both move in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Sum

from apps.core.slots import Figures
from apps.feedback.models import Signup, SignupCounts
from apps.feedback.models.signups import STATES

State = Signup.State


def received(*, form_id: int, state: str, count: int = 1) -> None:
    """Count new sign-ups in their first state."""
    _count(form_id, {"received": count, state: count})


def robot(*, form_id: int) -> None:
    """Count a visitor that a trap of the form has turned away."""
    _count(form_id, {"robots": 1})


@transaction.atomic
def move(*, signup: Signup, out_of: Iterable[str], into: str, now: datetime, **also: Any) -> bool:
    """Move a sign-up, if it still is in one of these states. True when it was this call.

    ``also`` are fields that change with it.
    """
    changed = {**also, "state": into}
    if into in (State.CONFIRMED, State.EXPIRED, State.REFUSED):
        changed["settled_at"] = now
    rows = Signup.objects.select_for_update().filter(pk=signup.pk, state__in=list(out_of))
    before = rows.values_list("state", flat=True).first()
    if before is None:
        return False
    Signup.objects.filter(pk=signup.pk).update(**changed)
    for name, value in changed.items():
        setattr(signup, name, value)
    if before != into:
        _count(signup.form_id, {before: -1, into: 1})
    return True


def _count(form_id: int, changes: dict[str, int]) -> None:
    expressions = {name: F(name) + change for name, change in changes.items()}
    if not SignupCounts.objects.filter(form_id=form_id).update(**expressions):
        SignupCounts.objects.bulk_create([SignupCounts(form_id=form_id)], ignore_conflicts=True)
        SignupCounts.objects.filter(form_id=form_id).update(**expressions)


def figures() -> Figures:
    """What all forms have received, by what has become of it."""
    sums = SignupCounts.objects.aggregate(**{name: Sum(name) for name in STATES})
    values = {name: sums[name] or 0 for name in STATES}
    return Figures("mailings_signups", "Sign-ups by state", "state", values)
