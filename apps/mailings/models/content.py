"""What is sent: reusable content, its versions, and what is being written."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import storages
from django.core.files.storage.base import Storage
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.content.editor_html import stored_html, stored_text
from apps.core.content.rules import check_content
from apps.core.errors import ContentRefused
from apps.core.models import BaseModel, OwnedModel, OwnedQuerySet
from apps.core.text.formatting import refusal_text


def private_storage() -> Storage:
    """Where uploads lie: nothing in it is served by its path."""
    return storages["private"]


class Content(models.Model):
    """A subject, a text and an HTML body in the template language."""

    subject: models.CharField[str, str] = models.CharField(_("subject"), max_length=255)
    text: models.TextField[str, str] = models.TextField(_("plain text"), blank=True)
    html: models.TextField[str, str] = models.TextField(_("HTML"), blank=True)

    class Meta:
        abstract = True


class Message(Content, OwnedModel):
    """Content for any number of mailings.

    ``revision`` grows by one with every save of the content: a save over another revision
    than the one read is refused. An archived message keeps its history and is not offered.
    ``for_mailout``: it was made as the text of a mailout, and goes with it.
    """

    revision: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("revision"), default=1, editable=False
    )
    for_mailout: models.BooleanField[bool, bool] = models.BooleanField(
        default=False, db_default=False, editable=False
    )
    archived_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.subject

    def clean(self) -> None:
        """Refuse here, at the earliest place, what could not be sent."""
        self.subject, self.text = stored_text(self.subject), stored_text(self.text)
        self.html = stored_html(self.html)
        try:
            check_content(self.subject, self.text, self.html)
        except ContentRefused as refusal:
            raise ValidationError(refusal_text(refusal), code=refusal.code) from refusal


class PartOfMessageQuerySet(OwnedQuerySet[Any]):
    owner_path = "message__owner_id"


class Attachment(BaseModel):
    """A file that goes out with a message.

    Its bytes lie under their own hash, once for all who attach the same, and stay there: a run
    may still need them when the message has long lost the file.
    """

    message: models.ForeignKey[Message, Message] = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="attachments", verbose_name=_("message")
    )
    name: models.CharField[str, str] = models.CharField(_("file name"), max_length=200)
    content_type: models.CharField[str, str] = models.CharField(_("type"), max_length=100)
    size: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(_("size in bytes"))
    sha256: models.CharField[str, str] = models.CharField(max_length=64)

    objects = PartOfMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class MessageVersion(Content, BaseModel):
    """The content of a message as it was saved under this number (its revision)."""

    message: models.ForeignKey[Message, Message] = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="versions", verbose_name=_("message")
    )
    number: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(_("number"))
    author: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("author"),
    )

    objects = PartOfMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a message")
        verbose_name_plural = _("versions of messages")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["message", "number"], name="message_version_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} (v{self.number})"


class MessageDraft(OwnedModel):
    """What somebody has typed and not saved yet: one per message, and one for a new message.

    The values are kept as they were typed, good or not. ``base_revision`` is the revision that the
    writer began from.
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
    subject: models.TextField[str, str] = models.TextField(_("subject"), blank=True)
    text: models.TextField[str, str] = models.TextField(_("plain text"), blank=True)
    html: models.TextField[str, str] = models.TextField(_("HTML"), blank=True)

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
