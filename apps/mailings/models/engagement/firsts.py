"""First openings and first clicks in the order in which they were counted."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.mailings.models.engagement.figures import Term
from apps.mailings.models.engagement.reactions import EngagementHour


class FirstReaction(models.Model):
    """A letter was opened, or a link of it followed, for the first time: by a person, or before
    any person. Append-only, so that programs can follow it by its ids; kept for some days.

    The ids have no constraint: a row outlives nothing that it names for long.
    """

    owner_id: models.BigIntegerField[int, int] = models.BigIntegerField()
    run_id: models.BigIntegerField[int, int] = models.BigIntegerField()
    delivery_id: models.BigIntegerField[int, int] = models.BigIntegerField()
    kind: models.CharField[str, str] = models.CharField(
        max_length=5, choices=EngagementHour.Kind.choices
    )
    term: models.CharField[str, str] = models.CharField(max_length=7, choices=Term.choices)
    at: models.DateTimeField[Any, Any] = models.DateTimeField()
    counted_at: models.DateTimeField[Any, Any] = models.DateTimeField()

    class Meta:
        verbose_name = _("first reaction")
        verbose_name_plural = _("first reactions")

    def __str__(self) -> str:
        return f"{self.kind} {self.delivery_id}"
