"""What is sent: reusable content."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.content_rules import check_content
from apps.core.errors import ContentRefused
from apps.core.models import OwnedModel


class Message(OwnedModel):
    """A subject, a text and an HTML body in the template language, for any number of mailings."""

    subject: models.CharField[str, str] = models.CharField(_("subject"), max_length=255)
    text: models.TextField[str, str] = models.TextField(_("plain text"), blank=True)
    html: models.TextField[str, str] = models.TextField(_("HTML"), blank=True)
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
        try:
            check_content(self.subject, self.text, self.html)
        except ContentRefused as refusal:
            raise ValidationError(str(refusal), code=refusal.code) from refusal
