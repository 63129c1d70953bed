"""How many messages one person may get from one owner in a time."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.audit.rule import AuditRule
from apps.core.models import OwnedModel
from apps.mailings.models.audience import Channel


class FrequencyRule(OwnedModel):
    """At most ``messages`` marketing messages in any ``days`` days to one person.

    ``channel`` empty: all channels together.
    """

    audit = AuditRule()

    messages: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        _("messages")
    )
    days: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(_("days"))
    channel: models.CharField[str, str] = models.CharField(
        _("channel"), max_length=10, choices=Channel.choices, blank=True
    )

    class Meta:
        verbose_name = _("frequency rule")
        verbose_name_plural = _("frequency rules")
        ordering = ["days", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(messages__gte=1, days__gte=1, days__lte=90),
                name="frequency_rule_within_90_days",
                violation_error_message=_("At least one message, in 1 to 90 days."),
            ),
            models.UniqueConstraint(
                fields=["owner", "days", "channel"],
                name="frequency_rule_unique",
                violation_error_message=_("You already have a rule for these days."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.messages} / {self.days}"


class FrequencyGate(models.Model):
    """A row that claims of one owner lock in turn: so that a cap is exact over all processes.

    ``changed_at``: the rules were changed then, and not all who wait have been asked again.
    """

    owner: models.OneToOneField[Any, Any] = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    changed_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("gate of the frequency rules")
        verbose_name_plural = _("gates of the frequency rules")

    def __str__(self) -> str:
        return str(self.pk)
