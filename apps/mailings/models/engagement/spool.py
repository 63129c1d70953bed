"""How far the events that processes took down have been counted."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class EngagementSpool(models.Model):
    """A spool file of openings and clicks, and up to which byte it is counted.

    ``dropped``: how many its process could not write down, for want of room on the disk.
    """

    name: models.CharField[str, str] = models.CharField(max_length=120, unique=True)
    offset: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    counted_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    dropped: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        default=0, db_default=0
    )
    dropped_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("spool of engagement")
        verbose_name_plural = _("spools of engagement")

    def __str__(self) -> str:
        return self.name
