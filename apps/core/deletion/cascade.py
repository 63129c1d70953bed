"""Deleting rows with everything that hangs on them, in a few statements whatever their number.

Django's own collector loads every row that follows into memory, which a million deliveries do not
bear. Here every table is counted, and emptied, by one statement that names the rows by their
parents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db import models, transaction
from django.db.models import Q, QuerySet

from apps.core.deletion.uses import StillUsed, check_unused

Model = type[models.Model]


@dataclass(frozen=True, slots=True)
class Hold:
    """Rows that must not be deleted now, such as those that a worker is busy with."""

    rows: Q
    words: Callable[[Any], str]


#: Filled by the apps whose tables have such rows.
HOLDS: Final[dict[Model, Hold]] = {}
#: So many holding rows are named.
NAMED: Final = 10


class Cascade:
    """What a deletion of these rows takes along."""

    def __init__(self, roots: QuerySet[Any]) -> None:
        self._root: Model = roots.model
        self._ids = list(roots.order_by().values_list("pk", flat=True))
        #: By table, the foreign keys and the tables they come from.
        self._parents: dict[Model, list[tuple[str, Model]]] = {self._root: []}
        #: Every table after all those that hang on it.
        self._order: list[Model] = []
        self._walk(self._root)

    def _walk(self, model: Model) -> None:
        for field, child in _children(model, models.CASCADE):
            fresh = child not in self._parents
            self._parents.setdefault(child, []).append((field, model))
            if fresh:
                self._walk(child)
        self._order.append(model)

    def rows(self, model: Model) -> QuerySet[Any]:
        """The rows of this table that go."""
        rows = model._base_manager.order_by()
        if model is self._root:
            return rows.filter(pk__in=self._ids)
        found = Q()
        for field, parent in self._parents[model]:
            found |= Q(**{f"{field}__in": self.rows(parent).values("pk")})
        return rows.filter(found)

    def counts(self) -> dict[str, int]:
        """How many rows go, by the name of their table; tables without any are left out."""
        found = {
            str(model._meta.verbose_name_plural): self.rows(model).count()
            for model in reversed(self._order)
        }
        return {name: count for name, count in found.items() if count}

    def holds(self) -> list[str]:
        """What forbids the deletion now, in words."""
        used = [str(one) for row in self.rows(self._root)[:NAMED] for one in _uses(row)]
        text = (
            hold.words(row)
            for model, hold in HOLDS.items()
            if model in self._parents
            for row in self.rows(model).filter(hold.rows)[:NAMED]
        )
        return list(dict.fromkeys([*used, *text]))

    @transaction.atomic
    def delete(self) -> None:
        """Delete them all, the rows that hang on others first."""
        for model in self._order:
            for field, child in _children(model, models.SET_NULL):
                orphans = child._base_manager.filter(**{f"{field}__in": self.rows(model)})
                orphans.update(**{field: None})
            if model is not self._root:
                self.rows(model)._raw_delete(using=self.rows(model).db)
        for row in self.rows(self._root):
            row.delete()


def _uses(row: Any) -> Iterator[StillUsed]:
    try:
        check_unused(row)
    except StillUsed as refusal:
        yield refusal


def _children(model: Model, what: Any) -> Iterator[tuple[str, Model]]:
    """Foreign keys that point at this table and follow a deletion in this way."""
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel) or relation.on_delete is not what:
            continue
        child: Any = relation.related_model
        if child is not model:
            yield relation.field.name, child
