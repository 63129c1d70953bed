"""The two answers at the gate: what is not visible is 404, what is not one's own is 403."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404

from apps.core.contracts import Actor
from apps.core.models import OwnedQuerySet

#: Why a page refuses: the row is somebody else's. The page of refusals has words for it.
NOT_YOURS: Final = "not_yours"

Row = TypeVar("Row", bound=models.Model)

#: No row has a larger number, and a database takes none.
LARGEST: Final = 2**63 - 1


def visible_or_404(rows: OwnedQuerySet[Row], actor: Actor, **lookup: Any) -> Row:
    """The one row, or Http404 when it does not exist or belongs to somebody else."""
    row = _first(rows.visible_to(actor), lookup)
    if row is None:
        raise Http404
    return row


def editable_or_403(rows: OwnedQuerySet[Row], actor: Actor, **lookup: Any) -> Row:
    """The one row to be changed: Http404 when not visible, PermissionDenied when not one's own."""
    row = _first(rows.editable_by(actor), lookup)
    if row is None:
        visible_or_404(rows, actor, **lookup)
        raise PermissionDenied(NOT_YOURS)
    return row


def found_by_id(rows: OwnedQuerySet[Row], pk: int) -> Row | None:
    """The one row, or None; numbers that no database takes find nothing."""
    return _first(rows, {"pk": pk})


def _first(rows: OwnedQuerySet[Row], lookup: dict[str, Any]) -> Row | None:
    if any(isinstance(value, int) and value > LARGEST for value in lookup.values()):
        return None
    return rows.filter(**lookup).first()
