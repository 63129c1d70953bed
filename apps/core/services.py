"""The base of the plain services: what every kind of owned rows has in common."""

from __future__ import annotations

import builtins
from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import datetime
from typing import Generic, TypeVar

from django.http import Http404

from apps.core.contracts import Actor
from apps.core.models import OwnedModel, OwnedQuerySet
from apps.core.permissions import editable_or_403, found_by_id

T = TypeVar("T", bound=OwnedModel)


class BaseCRUDService(ABC, Generic[T]):
    """The plain acts of one actor on one kind of owned rows, with the concrete type of each answer.

    Every look passes the gate. What has a verb of its own (launch, merge, duplicate) is a function
    beside the service, and never a change of named fields.
    """

    def __init__(self, actor: Actor) -> None:
        self.actor = actor

    @abstractmethod
    def rows(self) -> OwnedQuerySet[T]:
        """The rows that the service is about, of every owner."""

    @abstractmethod
    def remove(self, row: T, *, now: datetime) -> bool:
        """Delete the row; archive one with a history or in use. True when it was deleted."""

    def save(self, row: T) -> T:
        """Check and save a row, a new one or a changed one. Raises ValidationError."""
        row.full_clean()
        row.save()
        return row

    def get(self, pk: int) -> T | None:
        """The row, or None when it does not exist or the actor may not see it."""
        return found_by_id(self.list(), pk)

    def list(self) -> OwnedQuerySet[T]:
        """What the actor may see."""
        return self.rows().visible_to(self.actor)

    def own(self) -> OwnedQuerySet[T]:
        """What the actor may change."""
        return self.rows().editable_by(self.actor)

    def pick(self, ids: Iterable[int]) -> builtins.list[T]:
        """Those of the actor's own rows that have one of these ids; the others are passed over."""
        return [*self.own().filter(pk__in=ids)]

    def visible_or_404(self, pk: int) -> T:
        """The row for a page or a route; Http404 when the actor may not see it."""
        row = self.get(pk)
        if row is None:
            raise Http404
        return row

    def editable_or_403(self, pk: int) -> T:
        """The row to be changed: Http404 when not visible, PermissionDenied when not one's own."""
        return editable_or_403(self.rows(), self.actor, pk=pk)
