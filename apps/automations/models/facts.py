"""What triggers and waits ask about, and what programs are notified of."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

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


class EnrolmentEvent(models.Model):
    """What happened to an enrolment, for webhooks; written in the transaction that did it.

    ``step`` is the key of its step; ``word`` why it left or failed, the reason of an exit, or the
    name of a call. Kept for some days only.
    """

    class Kind(models.TextChoices):
        ENTERED = "entered", pgettext_lazy("enrolment", "entered")
        FINISHED = "finished", pgettext_lazy("enrolment", "finished")
        LEFT = "left", pgettext_lazy("enrolment", "left")
        FAILED = "failed", pgettext_lazy("enrolment", "failed")
        CALLED = "called", pgettext_lazy("enrolment", "called")

    #: Without constraints: nobody who moves people waits for a row of these.
    owner_id: models.BigIntegerField[int, int] = models.BigIntegerField()
    enrolment_id: models.BigIntegerField[int, int] = models.BigIntegerField()
    kind: models.CharField[str, str] = models.CharField(max_length=8, choices=Kind.choices)
    step: models.CharField[str, str] = models.CharField(max_length=40, blank=True, default="")
    word: models.CharField[str, str] = models.CharField(max_length=120, blank=True, default="")
    at: models.DateTimeField[Any, Any] = models.DateTimeField()

    class Meta:
        verbose_name = _("event of an enrolment")
        verbose_name_plural = _("events of enrolments")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.enrolment_id} {self.kind}"
