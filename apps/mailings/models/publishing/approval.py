"""What a second person says of a mailing before its run may start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.audit.rule import AuditRule
from apps.core.models import BaseModel, OwnedQuerySet
from apps.mailings.models.ledger import Run
from apps.mailings.models.mailing import Mailing


class ApprovalQuerySet(OwnedQuerySet["Approval"]):
    owner_path = "mailing__owner_id"


class Approval(BaseModel):
    """A mailing as it was put before the managers, and what one of them has decided.

    ``fingerprint`` is of the mailing as it was then: of another one the decision says nothing.
    ``parts`` are the same for people, in the language of the installation; ``named`` is how many
    the audience named. ``run``: the one that was started by it. ``notified`` is the state that
    people have had emails about.
    """

    audit = AuditRule(quiet=frozenset({"parts", "named", "notified"}))

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("approval", "Waiting")
        APPROVED = "approved", pgettext_lazy("approval", "Approved")
        RETURNED = "returned", pgettext_lazy("approval", "Sent back")
        REPLACED = "replaced", pgettext_lazy("approval", "Replaced")

    mailing: models.ForeignKey[Mailing, Mailing] = models.ForeignKey(
        Mailing, on_delete=models.CASCADE, related_name="approvals", verbose_name=_("mailing")
    )
    run: models.ForeignKey[Run | None, Run | None] = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="approvals", null=True, blank=True
    )
    state: models.CharField[str, str] = models.CharField(
        _("status"), max_length=8, choices=State.choices, default=State.WAITING
    )
    fingerprint: models.CharField[str, str] = models.CharField(max_length=64)
    parts: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    named: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    asked_by: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    decided_by: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("decided"), null=True, blank=True
    )
    word: models.CharField[str, str] = models.CharField(_("remark"), max_length=500, blank=True)
    notified: models.CharField[str, str] = models.CharField(max_length=8, blank=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["mailing"], condition=Q(state="waiting"), name="approval_one_waiting"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("approved", "returned")) | Q(decided_at__isnull=False),
                name="approval_decided_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"
