"""A pause of everything that one user sends: too much of it bounced, or was reported as spam."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.audit.models import AuditedModel, AuditedQuerySet
from apps.core.audit.rule import AuditRule
from apps.core.responses.stored import Response
from apps.mailings.models.ledger import Run


class SendingPauseQuerySet(AuditedQuerySet["SendingPause"]):
    def in_force(self, now: datetime) -> Self:
        """Those that hold their users' runs at this moment."""
        return self.exclude(reason="").filter(Q(until=None) | Q(until__gt=now))


class SendingPause(AuditedModel):
    """Why nothing of this user's is sent, and until when; ``reason`` is empty once it is over.

    ``detail`` holds the figures (wait_reasons.rate_too_high). ``until``: when the messages that
    caused it are too old to count; None: only a manager ends it. ``excused_run``: a manager has
    lifted it, and the runs up to this id count no more.
    """

    audit = AuditRule()

    owner: models.OneToOneField[Any, Any] = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sending_pause"
    )
    reason: models.CharField[str, str] = models.CharField(
        _("reason"), max_length=20, choices=Run.Reason.choices, blank=True
    )
    detail: models.CharField[Response, Response] = models.CharField(max_length=100, blank=True)
    until: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    began_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    excused_run: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)

    objects = SendingPauseQuerySet.as_manager()

    class Meta:
        verbose_name = _("pause of a user's sending")
        verbose_name_plural = _("pauses of users' sending")

    def __str__(self) -> str:
        return f"{self.owner_id}: {self.reason}"
