"""What triggers and waits ask about: events that programs report, and who was in a segment."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.automations.models.automation import Automation
from apps.core.models import OwnedModel
from apps.mailings.models import Recipient


class AutomationEvent(OwnedModel):
    """Something happened to a recipient elsewhere: an order was paid, a cart was left.

    ``key``: the program's own, so that the same event is kept once.
    """

    name: models.CharField[str, str] = models.CharField(_("name"), max_length=60)
    recipient: models.ForeignKey[Recipient, Recipient] = models.ForeignKey(
        Recipient, on_delete=models.CASCADE, related_name="automation_events", db_index=False
    )
    key: models.CharField[str, str] = models.CharField(max_length=100, blank=True, default="")
    properties: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, blank=True
    )
    at: models.DateTimeField[Any, Any] = models.DateTimeField()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["recipient", "name", "at"], name="event_of_recipient"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "key"], condition=~Q(key=""), name="event_key_unique_per_owner"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SegmentPresence(models.Model):
    """This person was in the trigger's segment when it was looked at last."""

    automation: models.ForeignKey[Automation, Automation] = models.ForeignKey(
        Automation, on_delete=models.CASCADE, related_name="presences", db_index=False
    )
    recipient: models.ForeignKey[Recipient, Recipient] = models.ForeignKey(
        Recipient, on_delete=models.CASCADE, related_name="+"
    )

    class Meta:
        verbose_name = _("presence in a segment")
        verbose_name_plural = _("presences in segments")
        constraints = [
            models.UniqueConstraint(
                fields=["automation", "recipient"], name="segment_presence_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.automation_id}: {self.recipient_id}"
