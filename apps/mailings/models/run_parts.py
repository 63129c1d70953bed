"""Parts of a run: its channels, and its contents beside the one that it holds itself."""

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
    """A content of a run beside its own: in another language, of another variant, or replaced.

    ``version`` is what deliveries name. Of the contents of one language and variant the newest is
    in force; ``language`` is empty in a run whose only content was replaced, ``variant`` is 0 in
    one without an experiment (run_content).
    """

    run: models.ForeignKey[Run, Run] = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="contents", db_index=False
    )
    version: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField()
    language: models.CharField[str, str] = models.CharField(
        max_length=10, blank=True, default="", db_default=""
    )
    variant: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        default=0, db_default=0
    )
    content: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()

    class Meta:
        verbose_name = _("further content of a run")
        verbose_name_plural = _("further contents of runs")
        constraints = [
            models.UniqueConstraint(fields=["run", "version"], name="run_content_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} v{self.version}"


def outcome_of(counts: dict[str, int], *, stopped: bool) -> str:
    """The outcome of a run. A success leaves no recipient out, for whatever reason."""
    served = counts["sent"] + counts["delivered"]
    wrong = counts["failed"] + counts["bounced"] + counts["unknown"]
    if stopped and (counts["cancelled"] or not any(counts.values())):
        return Run.Outcome.CANCELLED
    if not wrong and not counts["expired"] and not counts["cancelled"]:
        if not served:
            return Run.Outcome.EMPTY
        return Run.Outcome.PARTIAL if counts["suppressed"] else Run.Outcome.SUCCESS
    if served or counts["unknown"]:
        return Run.Outcome.PARTIAL
    return Run.Outcome.EXPIRED if counts["expired"] else Run.Outcome.FAILED
