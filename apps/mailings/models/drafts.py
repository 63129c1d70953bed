"""What is being written and not saved yet, with the acts that led to it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import OwnedModel, OwnedQuerySet
from apps.mailings.models.content import Form, Message, translations_field


class MessageDraft(OwnedModel):
    """What somebody has typed and not saved yet: one per message, and one for a new message.

    The values are kept as they were typed, good or not. ``base_revision`` is the revision that the
    writer began from. ``sequence`` grows by one with every act on a letter of blocks: an act on
    another one than it was meant for is refused.
    """

    message: models.ForeignKey[Message | None, Message | None] = models.ForeignKey(
        Message,
        on_delete=models.CASCADE,
        null=True,
        related_name="drafts",
        verbose_name=_("message"),
    )
    base_revision: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("revision"), default=0
    )
    sequence: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        default=0, db_default=0
    )
    form: models.CharField[str, str] = models.CharField(
        _("form"), max_length=6, choices=Form, default=Form.HTML, db_default=Form.HTML
    )
    name: models.TextField[str, str] = models.TextField(
        _("name"), blank=True, default="", db_default=""
    )
    subject: models.TextField[str, str] = models.TextField(_("subject"), blank=True)
    preheader: models.TextField[str, str] = models.TextField(
        _("preheader"), blank=True, default="", db_default=""
    )
    language: models.CharField[str, str] = models.CharField(
        _("language"), max_length=10, blank=True, default="", db_default=""
    )
    text: models.TextField[str, str] = models.TextField(_("plain text"), blank=True)
    html: models.TextField[str, str] = models.TextField(_("HTML"), blank=True)
    document: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(
        _("blocks"), null=True, blank=True
    )
    translations = translations_field()

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "message"],
                name="draft_unique_per_message",
            ),
            models.UniqueConstraint(
                fields=["owner"],
                name="draft_of_a_new_message_unique",
                condition=models.Q(message__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.subject


class StepQuerySet(OwnedQuerySet[Any]):
    owner_path = "draft__owner_id"


class DraftStep(models.Model):
    """One act on a draft, which can be taken back and done again, after a reload as well.

    ``forward`` and ``backward`` are lists of acts (apps.core.content.blocks.editing.operations).
    Steps that are ``undone`` lie behind the others; the next act drops them. ``label`` is what was
    done, and to what kind of part: ``insert.heading``.
    """

    draft: models.ForeignKey[MessageDraft, MessageDraft] = models.ForeignKey(
        MessageDraft, on_delete=models.CASCADE, related_name="steps", db_index=False
    )
    number: models.PositiveIntegerField[int, int] = models.PositiveIntegerField()
    label: models.CharField[str, str] = models.CharField(max_length=40)
    forward: models.JSONField[list[Any], list[Any]] = models.JSONField()
    backward: models.JSONField[list[Any], list[Any]] = models.JSONField()
    undone: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    made_at: models.DateTimeField[Any, Any] = models.DateTimeField()

    objects = StepQuerySet.as_manager()

    class Meta:
        verbose_name = _("step of a draft")
        verbose_name_plural = _("steps of drafts")
        ordering = ["draft", "number"]
        constraints = [
            models.UniqueConstraint(fields=["draft", "number"], name="draft_step_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.label}"
