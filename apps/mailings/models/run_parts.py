"""Parts of a run: its channels, and contents that were replaced in a pause."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import BaseModel
from apps.core.responses.stored import Response
from apps.mailings.models.audience import Channel
from apps.mailings.models.ledger import Run, reason_label


class RunRoute(models.Model):
    """One channel of a run and its account, at its position in the order in which they are tried.

    The run is on one of them at a time: its ``channel`` and ``account`` say on which. ``count`` is
    how many deliveries are on it now; ``reason`` and ``until`` are why, and until when, it
    waits while the run is on another one (``until`` None: until the account is fixed).
    """

    run: models.ForeignKey[Run, Run] = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="routes", db_index=False
    )
    position: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField()
    channel: models.CharField[str, str] = models.CharField(max_length=10, choices=Channel.choices)
    account: models.CharField[str, str] = models.CharField(max_length=40)
    count: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    reason: models.CharField[str, str] = models.CharField(
        max_length=20, choices=Run.Reason.choices, blank=True
    )
    reason_detail: models.CharField[Response, Response] = models.CharField(
        max_length=500, blank=True
    )
    until: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("channel of a run")
        verbose_name_plural = _("channels of runs")
        ordering = ["run", "position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="run_route_position_unique"),
            models.UniqueConstraint(fields=["run", "channel"], name="run_route_channel_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.account}"

    def get_reason_display(self) -> str:
        """Why this route waits, in the words of its channel."""
        return reason_label(self.reason, self.channel)


class RunContent(BaseModel):
    """A content of a run that was replaced during a pause; some have received it."""

    run: models.ForeignKey[Run, Run] = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="replaced"
    )
    version: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField()
    content: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()

    class Meta:
        verbose_name = _("replaced content of a run")
        verbose_name_plural = _("replaced contents of runs")
        constraints = [
            models.UniqueConstraint(fields=["run", "version"], name="run_content_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} v{self.version}"
