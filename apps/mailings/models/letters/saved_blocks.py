"""Sections that are kept under a name, and stand in letters by reference."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.audit.rule import AuditRule
from apps.core.content.blocks.document import SCHEMA, read, sections
from apps.core.content.blocks.editing.storing import stored
from apps.core.content.blocks.reuse.saved import SavedSection
from apps.core.content.translation import living_in_all
from apps.core.errors import ContentRefused
from apps.core.models import BaseModel, OwnedModel, OwnedQuerySet
from apps.core.text.formatting import refusal_text
from apps.mailings.models.content import language_field, translations_field

LONGEST_NAME: Final = 200


def alone(section: dict[str, Any]) -> dict[str, Any]:
    """A document of this section alone, as it is stored. Raises ContentRefused."""
    return stored({"schema": SCHEMA, "body": [section]})


class SavedBlock(OwnedModel):
    """One section, in every letter that names it until the letter is launched.

    ``document`` holds it alone, for a document knows its schema and can be lifted to the next one.
    ``language``: of the words in it; ``translations``: entries of others, by language.
    ``revision`` grows by one with every change of these.
    """

    audit = AuditRule(name="name", quiet=frozenset({"revision"}))

    name: models.CharField[str, str] = models.CharField(_("name"), max_length=LONGEST_NAME)
    document: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        _("blocks"), editable=False
    )
    language = language_field()
    translations = translations_field()
    revision: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("revision"), default=1, editable=False
    )
    archived_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("saved block")
        verbose_name_plural = _("saved blocks")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                condition=Q(archived_at=None),
                name="saved_block_name_unique",
                violation_error_message=_("You have a saved block of this name."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def section(self) -> SavedSection:
        """What it puts into letters."""
        return SavedSection(sections(read(self.document))[0], self.language, self.translations)

    def clean(self) -> None:
        """Keep one section of today's schema; refuse everything else."""
        self.name = " ".join(self.name.replace("\x00", "").split())
        if not self.name:
            raise ValidationError({"name": _("Give the block a name.")})
        try:
            self.document = stored(self.document)
            found = sections(read(self.document))
        except ContentRefused as refusal:
            raise ValidationError(refusal_text(refusal), code=refusal.code) from refusal
        if len(found) != 1 or len(self.document["body"]) != 1:
            raise ValidationError(_("A saved block is one section."), code="document_invalid")
        self.translations = dict(living_in_all(self.document, self.translations))
        self.translations.pop(self.language, None)


class PartOfSavedBlockQuerySet(OwnedQuerySet[Any]):
    owner_path = "block__owner_id"


class SavedBlockVersion(BaseModel):
    """A saved block as it was saved under this number (its revision)."""

    block: models.ForeignKey[SavedBlock, SavedBlock] = models.ForeignKey(
        SavedBlock,
        on_delete=models.CASCADE,
        related_name="versions",
        verbose_name=_("saved block"),
        db_index=False,
    )
    number: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(_("number"))
    document: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(_("blocks"))
    language = language_field()
    translations = translations_field()
    author: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("author"),
    )

    objects = PartOfSavedBlockQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a saved block")
        verbose_name_plural = _("versions of saved blocks")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["block", "number"], name="saved_block_version_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.block} (v{self.number})"
