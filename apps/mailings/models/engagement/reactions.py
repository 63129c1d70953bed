"""What each person did with a letter: written only by apps.feedback.engagement."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.mailings.models.audience import Recipient
from apps.mailings.models.engagement.figures import Term


class Engagement(models.Model):
    """What was seen of one letter: the first opening and first click, and who did them.

    The moments are those of a person; where no person was seen, of machines and of what cannot be
    known. ``events`` are the last events with their judgements, as apps.feedback.engagement keeps
    them, so that a later one can change them; ``rule`` decided the term. ``opens`` and ``clicks``
    count what persons did.
    """

    run: models.ForeignKey[Any, Any] = models.ForeignKey(
        "mailings.Run", on_delete=models.CASCADE, related_name="engagements", db_index=False
    )
    recipient: models.ForeignKey[Recipient, Recipient] = models.ForeignKey(
        Recipient, on_delete=models.CASCADE, related_name="engagements", db_index=False
    )
    #: Without a constraint: a delivery goes only with its run.
    delivery_id: models.BigIntegerField[int, int] = models.BigIntegerField(default=0, db_default=0)
    term: models.CharField[str, str] = models.CharField(
        _("who"), max_length=7, choices=Term.choices, default=Term.PERSON, db_default=Term.PERSON
    )
    opened_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    clicked_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    last_clicked_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    opens: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        default=0, db_default=0
    )
    clicks: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        default=0, db_default=0
    )
    device: models.CharField[str, str] = models.CharField(
        _("device"), max_length=10, blank=True, default="", db_default=""
    )
    client: models.CharField[str, str] = models.CharField(
        _("mail program"), max_length=40, blank=True, default="", db_default=""
    )
    rule: models.CharField[str, str] = models.CharField(
        max_length=40, blank=True, default="", db_default=""
    )
    events: models.JSONField[list[Any], list[Any]] = models.JSONField(
        default=list, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("engagement")
        verbose_name_plural = _("engagements")
        indexes = [models.Index(fields=["recipient", "run"], name="engagement_of_recipient")]
        constraints = [
            models.UniqueConstraint(fields=["run", "recipient"], name="engagement_once"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.recipient_id}"


class EngagementHour(models.Model):
    """How many openings or clicks of one kind a run had in one hour."""

    class Kind(models.TextChoices):
        OPEN = "open", _("opening")
        CLICK = "click", _("click")

    run: models.ForeignKey[Any, Any] = models.ForeignKey(
        "mailings.Run", on_delete=models.CASCADE, related_name="engagement_hours", db_index=False
    )
    hour: models.DateTimeField[Any, Any] = models.DateTimeField()
    kind: models.CharField[str, str] = models.CharField(max_length=5, choices=Kind.choices)
    term: models.CharField[str, str] = models.CharField(max_length=7, choices=Term.choices)
    count: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("hour of engagement")
        verbose_name_plural = _("hours of engagement")
        constraints = [
            models.UniqueConstraint(
                fields=["run", "hour", "kind", "term"], name="engagement_hour_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.hour}"


class EngagementShare(models.Model):
    """How many persons of a run opened and clicked with one device, mail program or domain."""

    class By(models.TextChoices):
        DEVICE = "device", _("device")
        CLIENT = "client", _("mail program")
        DOMAIN = "domain", _("domain")

    run: models.ForeignKey[Any, Any] = models.ForeignKey(
        "mailings.Run", on_delete=models.CASCADE, related_name="engagement_shares", db_index=False
    )
    by: models.CharField[str, str] = models.CharField(max_length=6, choices=By.choices)
    value: models.CharField[str, str] = models.CharField(max_length=255)
    opened: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    clicked: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("share of engagement")
        verbose_name_plural = _("shares of engagement")
        constraints = [
            models.UniqueConstraint(fields=["run", "by", "value"], name="engagement_share_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.value}"
