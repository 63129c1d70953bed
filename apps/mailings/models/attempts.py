"""Attempts: every try of every delivery."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.models import OwnedQuerySet
from apps.core.responses.stored import Response
from apps.mailings.models.audience import Recipient
from apps.mailings.models.ledger import Delivery
from apps.mailings.models.mailing import Mailing
from apps.mailings.models.trigger import Trigger


class AttemptQuerySet(OwnedQuerySet["Attempt"]):
    owner_path = "mailing__owner_id"


class Attempt(models.Model):
    """One try of one delivery. Append-only. ``audit`` rows record manual changes, never count."""

    class Status(models.TextChoices):
        SUCCESS = "success", pgettext_lazy("attempt", "Accepted")
        FAILURE = "failure", pgettext_lazy("attempt", "Failed")
        UNKNOWN = "unknown", _("Unknown")

    class Kind(models.TextChoices):
        DELIVERY = "delivery", _("delivery")
        AUDIT = "audit", _("Manual change")

    #: Written by the very statement that moves the delivery; mailing and recipient follow from it
    #: and are copied for the lists. A constraint would look each up again for every message sent.
    mailing: models.ForeignKey[Mailing, Mailing] = models.ForeignKey(
        Mailing,
        on_delete=models.CASCADE,
        related_name="attempts",
        db_constraint=False,
        db_index=False,
    )
    recipient: models.ForeignKey[Recipient, Recipient] = models.ForeignKey(
        Recipient,
        on_delete=models.CASCADE,
        related_name="attempts",
        db_constraint=False,
        db_index=False,
    )
    delivery: models.ForeignKey[Delivery | None, Delivery | None] = models.ForeignKey(
        Delivery,
        on_delete=models.CASCADE,
        related_name="attempts",
        null=True,
        blank=True,
        db_constraint=False,
    )
    run_number: models.PositiveIntegerField[int, int] = models.PositiveIntegerField()
    trigger: models.CharField[str, str] = models.CharField(max_length=10, choices=Trigger.choices)
    kind: models.CharField[str, str] = models.CharField(
        max_length=8, choices=Kind.choices, default=Kind.DELIVERY
    )
    status: models.CharField[str, str] = models.CharField(max_length=7, choices=Status.choices)
    account: models.CharField[str, str] = models.CharField(max_length=40, blank=True)
    code: models.IntegerField[int, int] = models.IntegerField(default=0)
    response: models.CharField[Response, Response] = models.CharField(max_length=500, blank=True)
    seconds: models.FloatField[float, float] = models.FloatField(default=0.0)
    created_at: models.DateTimeField[Any, Any] = models.DateTimeField()

    objects = AttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        indexes = [
            models.Index(fields=["mailing", "id"], name="attempt_by_mailing"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.status}"
