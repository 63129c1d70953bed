"""Saved conditions on recipients, and what the conditions ask: attributes and engagement."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.audit.rule import AuditRule
from apps.core.models import OwnedModel
from apps.mailings.models.audience import Recipient


class Segment(OwnedModel):
    """A saved condition. It describes people and gives no right to write to them.

    ``tree`` is the condition as data (segments.tree). ``counted`` is how many matched at
    ``counted_at``.
    """

    audit = AuditRule(name="name", quiet=frozenset({"counted", "counted_at"}))

    name: models.CharField[str, str] = models.CharField(_("name"), max_length=120)
    tree: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(_("conditions"))
    counted: models.PositiveIntegerField[int | None, int | None] = models.PositiveIntegerField(
        null=True, blank=True, editable=False
    )
    counted_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        null=True, blank=True, editable=False
    )
    archived_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                name="segment_name_unique_per_owner",
                condition=Q(archived_at=None),
                violation_error_message=_("You already have a segment with this name."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AttributeDefinition(OwnedModel):
    """What kind of value an attribute of the owner's recipients has.

    ``misfits`` is how many people have a value that cannot be read as this kind. ``read_up_to``:
    while a change of kind is under way, the last person whose value has been read anew.
    """

    audit = AuditRule(name="name", quiet=frozenset({"misfits", "read_up_to"}))

    class Kind(models.TextChoices):
        TEXT = "text", pgettext_lazy("attribute", "Text")
        NUMBER = "number", pgettext_lazy("attribute", "Number")
        DATE = "date", pgettext_lazy("attribute", "Date")
        BOOL = "bool", pgettext_lazy("attribute", "Yes or no")
        CHOICE = "choice", pgettext_lazy("attribute", "Choice")

    name: models.CharField[str, str] = models.CharField(_("name in templates"), max_length=100)
    label: models.CharField[str, str] = models.CharField(_("label"), max_length=120, blank=True)
    kind: models.CharField[str, str] = models.CharField(
        _("kind"), max_length=6, choices=Kind.choices, default=Kind.TEXT
    )
    choices: models.JSONField[list[str], list[str]] = models.JSONField(
        _("choices"), default=list, blank=True
    )
    public: models.BooleanField[bool, bool] = models.BooleanField(
        _("people may see and change it"), default=False
    )
    position: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("position"), default=0
    )
    misfits: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        default=0, editable=False
    )
    read_up_to: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(
        null=True, blank=True, editable=False
    )
    archived_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("attribute")
        verbose_name_plural = _("attributes")
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="attribute_unique_per_owner",
                violation_error_message=_("You already have an attribute with this name."),
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.name


class Activity(models.Model):
    """When something last happened with a person: one narrow row for all conditions on days.

    ``unanswered`` is how many messages went out since the person last reacted.
    """

    recipient: models.OneToOneField[Recipient, Recipient] = models.OneToOneField(
        Recipient, on_delete=models.CASCADE, primary_key=True, related_name="activity"
    )
    last_sent_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    last_opened_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    last_clicked_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    last_bounced_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)
    unanswered: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        default=0, db_default=0
    )

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")

    def __str__(self) -> str:
        return str(self.pk)


class ActivityMark(models.Model):
    """How far the roll-up into Activity has followed the attempts: one row, or none yet.

    ``followed_until``: all that happened before is in the roll-up.
    """

    id: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(
        primary_key=True, default=1
    )
    attempt_id: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    followed_until: models.DateTimeField[Any, Any] = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("mark of the activities")
        verbose_name_plural = _("marks of the activities")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="activity_mark_is_one"),
        ]

    def __str__(self) -> str:
        return str(self.attempt_id)
