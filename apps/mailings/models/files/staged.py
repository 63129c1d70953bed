"""The files of a run: which it wants, how far they are brought, and each delivery's own."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import BaseModel, OwnedQuerySet
from apps.mailings.models.ledger import Delivery, Run


class RunFiles(BaseModel):
    """What a run with files for each recipient has kept of the message, and how far it is.

    ``wanted`` is a copy of the message's files as they were at the launch. Up to ``cursor`` the
    deliveries have their rows; ``settled`` of ``total`` files are there or known not to come.
    ``staged_at``: when all were, and the run was let into the queue.
    """

    run: models.OneToOneField[Run, Run] = models.OneToOneField(
        Run, on_delete=models.CASCADE, related_name="files"
    )
    wanted: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField()
    total: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    settled: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    cursor: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    staged_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("files of a run")
        verbose_name_plural = _("files of runs")

    def __str__(self) -> str:
        return f"{self.run_id}"


class DeliveryFileQuerySet(OwnedQuerySet["DeliveryFile"]):
    owner_path = "run__mailing__owner_id"


class DeliveryFile(models.Model):
    """One file of one delivery: waited for, there, not to be had, or removed when it was old.

    ``number``: its place among the run's files. ``code``: why it is not to be had; ``detail``: what
    the address answered.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")
        REMOVED = "removed", _("Removed")

    run: models.ForeignKey[Run, Run] = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    delivery: models.ForeignKey[Delivery, Delivery] = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="files", db_index=False
    )
    number: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField()
    name: models.CharField[str, str] = models.CharField(_("file name"), max_length=200)
    origin: models.CharField[str, str] = models.CharField(max_length=2000, blank=True)
    state: models.CharField[str, str] = models.CharField(
        _("status"), max_length=8, choices=State.choices, default=State.WAITING
    )
    code: models.CharField[str, str] = models.CharField(max_length=20, blank=True)
    detail: models.CharField[str, str] = models.CharField(max_length=200, blank=True)
    content_type: models.CharField[str, str] = models.CharField(
        _("type"), max_length=100, blank=True
    )
    size: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("size in bytes"), default=0
    )
    sha256: models.CharField[str, str] = models.CharField(max_length=64, blank=True)
    tries: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(default=0)
    not_before: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    changed_at: models.DateTimeField[Any, Any] = models.DateTimeField()

    objects = DeliveryFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("file of a delivery")
        verbose_name_plural = _("files of deliveries")
        constraints = [
            models.UniqueConstraint(fields=["delivery", "number"], name="delivery_file_unique"),
        ]
        indexes = [
            models.Index(fields=["run", "state", "id"], name="delivery_file_of_run"),
            models.Index(fields=["sha256"], name="delivery_file_bytes", condition=~Q(sha256="")),
        ]

    def __str__(self) -> str:
        return self.name
