"""What messages are begun from: copied, and never followed."""

from __future__ import annotations

from typing import Any, Final, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.audit.rule import AuditRule
from apps.core.content.blocks.editing.storing import stored
from apps.core.content.translation import living_in_all
from apps.core.contracts import Actor
from apps.core.errors import ContentRefused
from apps.core.models import BaseModel, OwnedQuerySet
from apps.core.text.formatting import refusal_text
from apps.mailings.models.content import translations_field

#: What a message that is begun from it takes, beside its name.
TEMPLATE_FIELDS: Final = ("subject", "preheader", "language", "document")


class TemplateQuerySet(OwnedQuerySet[Any]):
    """One's own templates; those of the installation are seen by everybody."""

    def visible_to(self, actor: Actor) -> Self:
        return self if actor.sees_all else self.filter(Q(owner_id=actor.pk) | Q(owner=None))


class MessageTemplate(BaseModel):
    """A message of blocks to begin others from. Without an owner it is the installation's.

    ``author``: whose library its pictures are in; who begins a message gets copies of them.
    ``revision`` grows by one with every change of its content.
    """

    audit = AuditRule(name="name", quiet=frozenset({"revision"}))

    owner: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="messagetemplates",
        verbose_name=_("owner"),
    )
    author: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("author"),
        editable=False,
    )
    name: models.CharField[str, str] = models.CharField(_("name"), max_length=200)
    description: models.CharField[str, str] = models.CharField(
        _("description"), max_length=300, blank=True
    )
    category: models.CharField[str, str] = models.CharField(
        _("category"), max_length=20, blank=True
    )
    subject: models.CharField[str, str] = models.CharField(_("subject"), max_length=255, blank=True)
    preheader: models.CharField[str, str] = models.CharField(
        _("preheader"), max_length=255, blank=True
    )
    language: models.CharField[str, str] = models.CharField(
        _("language"), max_length=10, blank=True
    )
    document: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        _("blocks"), editable=False
    )
    translations = translations_field()
    revision: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("revision"), default=1, db_default=1, editable=False
    )

    objects = TemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        ordering = ["-id"]
        permissions = [("publish_templates", "Can make templates for everybody")]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                condition=Q(owner__isnull=False),
                name="template_name_unique",
                violation_error_message=_("You have a template of this name."),
            ),
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(owner=None),
                name="template_of_all_name_unique",
                violation_error_message=_("There is a template for everybody of this name."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Keep a document of today's schema; refuse everything else."""
        self.name = " ".join(self.name.replace("\x00", "").split())
        if not self.name:
            raise ValidationError({"name": _("Give the template a name.")})
        try:
            self.document = stored(self.document)
        except ContentRefused as refusal:
            raise ValidationError(refusal_text(refusal), code=refusal.code) from refusal
        self.translations = dict(living_in_all(self.document, self.translations))
