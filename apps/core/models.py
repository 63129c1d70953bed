"""The abstract models everything else is built on, and the one gate to other people's rows."""

from __future__ import annotations

from typing import Any, Self, TypeVar

from django.conf import settings
from django.db import models

from apps.core.audit.models import AuditedModel, AuditedQuerySet
from apps.core.contracts import Actor

M = TypeVar("M", bound=models.Model, covariant=True)


class BaseModel(AuditedModel):
    """Knows when it was made and last changed."""

    created_at: models.DateTimeField[Any, Any] = models.DateTimeField(auto_now_add=True)
    updated_at: models.DateTimeField[Any, Any] = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class OwnedQuerySet(AuditedQuerySet[M]):
    """Rows that belong to somebody. Every query on behalf of a person passes through here."""

    #: The path from a row to its owner's id; children of an owned row set their own.
    owner_path = "owner_id"

    def visible_to(self, actor: Actor) -> Self:
        """What this actor may see: everything for those who oversee, own rows for the others."""
        return self if actor.sees_all else self.filter(**{self.owner_path: actor.pk})

    def editable_by(self, actor: Actor) -> Self:
        """What this actor may change: own rows. A manager sees, but does not edit."""
        return self.filter(**{self.owner_path: actor.pk})


class OwnedModel(BaseModel):
    """Belongs to exactly one user."""

    owner: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="%(class)ss"
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True
