"""What the audit log keeps of a model, said beside the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import models

_ALWAYS_QUIET: Final = frozenset({"id", "created_at", "updated_at"})
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRule:
    """What the audit log keeps of a model.

    ``name``: the field by which people know a row. ``quiet``: fields that the program itself keeps
    up to date, or another record shows better; a write of nothing else is not noted. ``hidden``:
    fields of which only the change is noted, as of those whose names say that they are secret.
    ``unless`` names rows that are not noted, by their field and its value. ``personal``: a row is a
    person; once it is deleted, its entry does not say who that was.
    """

    name: str = ""
    quiet: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    unless: Mapping[str, Any] = field(default_factory=dict)
    personal: bool = False

    def columns(self, model: type[models.Model], among: Iterable[str] | None = None) -> list[str]:
        """The columns that are noted, of these fields (by either name) or of all."""
        chosen = None if among is None else set(among)
        return [
            column.attname
            for column in model._meta.concrete_fields
            if column.name not in self.quiet | _ALWAYS_QUIET
            and (chosen is None or column.name in chosen or column.attname in chosen)
        ]

    def passes(self, row: Row) -> bool:
        """True when this row is noted."""
        return not any(row.get(name) == value for name, value in self.unless.items())


def audit_rule_of(model: type[models.Model]) -> AuditRule | None:
    """What the log keeps of this model; None: nothing, which its own reason explains."""
    found: AuditRule | None = getattr(model, "audit", None)
    return found
