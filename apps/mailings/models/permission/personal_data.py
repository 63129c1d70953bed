"""Copies of what is kept of a person, and what was removed because its time was over."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.audit.rule import AuditRule
from apps.core.models import OwnedModel
from apps.mailings.models.audience import Recipient
from apps.mailings.models.content import private_storage


class DataCopy(OwnedModel):
    """A copy of all that is kept of one person, made in the background, there for a day.

    ``actor`` is who asked for it; ``taken_at`` when it was downloaded first.
    """

    audit = AuditRule()

    class State(models.TextChoices):
        MAKING = "making", pgettext_lazy("copy", "Being made")
        READY = "ready", pgettext_lazy("copy", "Ready")
        FAILED = "failed", pgettext_lazy("copy", "Failed")
        EXPIRED = "expired", pgettext_lazy("copy", "Expired")

    recipient: models.ForeignKey[Recipient, Recipient] = models.ForeignKey(
        Recipient, on_delete=models.CASCADE, related_name="copies"
    )
    state: models.CharField[str, str] = models.CharField(
        _("state"), max_length=7, choices=State.choices, default=State.MAKING
    )
    actor: models.CharField[str, str] = models.CharField(_("who"), max_length=254, blank=True)
    file: models.FileField = models.FileField(
        _("file"), upload_to="copies/", storage=private_storage, max_length=255, blank=True
    )
    expires_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("expires"), null=True, blank=True
    )
    taken_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("downloaded"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("copy of personal data")
        verbose_name_plural = _("copies of personal data")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["expires_at"], name="data_copy_ready", condition=Q(state="ready")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="ready") | (~Q(file="") & Q(expires_at__isnull=False)),
                name="data_copy_ready_has_a_file",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.state}"


class RetentionRun(models.Model):
    """When something was last removed because its time was over: how many, and in all so far."""

    name: models.CharField[str, str] = models.CharField(_("name"), max_length=20, primary_key=True)
    ran_at: models.DateTimeField[Any, Any] = models.DateTimeField(_("last run"))
    count: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("removed"), default=0
    )
    total: models.PositiveBigIntegerField[int, int] = models.PositiveBigIntegerField(
        _("removed in all"), default=0
    )

    class Meta:
        verbose_name = _("retention")
        verbose_name_plural = _("retentions")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
