"""Reactions to letters of which nobody knows yet whether they were sent."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class WaitingEngagement(models.Model):
    """What was seen of a letter that is pending, being sent or of unknown outcome.

    It is counted when that is known. ``events`` are kept as those of Engagement.
    """

    run: models.ForeignKey[Any, Any] = models.ForeignKey(
        "mailings.Run", on_delete=models.CASCADE, related_name="waiting_engagements", db_index=False
    )
    #: Without a constraint: a delivery goes only with its run.
    delivery_id: models.BigIntegerField[int, int] = models.BigIntegerField(unique=True)
    device: models.CharField[str, str] = models.CharField(max_length=10, blank=True)
    client: models.CharField[str, str] = models.CharField(max_length=40, blank=True)
    events: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list, editable=False)
    since: models.DateTimeField[Any, Any] = models.DateTimeField()

    class Meta:
        verbose_name = _("waiting engagement")
        verbose_name_plural = _("waiting engagements")

    def __str__(self) -> str:
        return f"{self.run_id}: {self.delivery_id}"
