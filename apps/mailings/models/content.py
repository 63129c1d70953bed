"""What is sent: reusable content, its attachments, and its versions."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import storages
from django.core.files.storage.base import Storage
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.audit.rule import AuditRule
from apps.core.content.blocks.editing.storing import stored
from apps.core.content.editor_html import stored_html, stored_text
from apps.core.content.rules import check_content, check_form, check_head
from apps.core.errors import ContentRefused
from apps.core.models import BaseModel, OwnedModel, OwnedQuerySet
from apps.core.text.formatting import refusal_text
from apps.core.values.languages import language


def private_storage() -> Storage:
    """Where uploads lie: nothing in it is served by its path."""
    return storages["private"]


class Form(models.TextChoices):
    """What a message is written as."""

    TEXT = "text", _("Plain text")
    HTML = "html", _("HTML")
    BLOCKS = "blocks", _("Blocks")


def language_field() -> models.CharField[str, str]:
    """The language that something is written in; empty where nobody has said it."""
    return models.CharField(
        _("language"), max_length=10, blank=True, default="", db_default="", editable=False
    )


def translations_field() -> models.JSONField[dict[str, Any], dict[str, Any]]:
    """All further languages of something: entries (core.content.translation) by language."""
    return models.JSONField(_("translations"), default=dict, blank=True, editable=False)


class Content(models.Model):
    """A subject, a preheader and a body: a text, HTML in the template language, or blocks.

    ``form`` follows from what is there: a ``document`` makes it a letter of blocks, which has no
    HTML of its own. ``name`` is for its owner alone. ``language``: of the words in it.
    """

    name: models.CharField[str, str] = models.CharField(
        _("name"), max_length=200, blank=True, default="", db_default=""
    )
    subject: models.CharField[str, str] = models.CharField(_("subject"), max_length=255)
    preheader: models.CharField[str, str] = models.CharField(
        _("preheader"), max_length=255, blank=True, default="", db_default=""
    )
    language: models.CharField[str, str] = models.CharField(
        _("language"), max_length=10, blank=True, default="", db_default=""
    )
    form: models.CharField[str, str] = models.CharField(
        _("form"), max_length=6, choices=Form, default=Form.TEXT, db_default=Form.TEXT,
        editable=False,
    )  # fmt: skip
    text: models.TextField[str, str] = models.TextField(_("plain text"), blank=True)
    html: models.TextField[str, str] = models.TextField(_("HTML"), blank=True)
    document: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(
        _("blocks"), null=True, blank=True, editable=False
    )

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("update_fields") is None:  # else what is not saved may not even be loaded
            self.form = form_of(html=self.html, document=self.document)
        super().save(*args, **kwargs)


#: The fields of the content, as versions and drafts keep them.
CONTENT_FIELDS: Final = (
    "name",
    "subject",
    "preheader",
    "language",
    "form",
    "text",
    "html",
    "document",
)


def form_of(*, html: str, document: dict[str, Any] | None) -> Form:
    """What a message with this body is written as."""
    if document is not None:
        return Form.BLOCKS
    return Form.HTML if html.strip() else Form.TEXT


def content_of(row: models.Model) -> dict[str, Any]:
    """The whole content of a message, a version or a draft, by field."""
    return {name: getattr(row, name) for name in CONTENT_FIELDS}


def form_check(name: str) -> models.CheckConstraint:
    """Only a letter of blocks has a document, and then it has no HTML."""
    written = models.Q(document__isnull=True) & ~models.Q(form=Form.BLOCKS)
    built = models.Q(document__isnull=False, form=Form.BLOCKS, html="")
    return models.CheckConstraint(condition=written | built, name=name)


class Message(Content, OwnedModel):
    """Content for any number of mailings.

    ``revision`` grows by one with every save of the content: a save over another revision
    than the one read is refused. An archived message keeps its history and is not offered.
    ``for_mailout``: it was made as the text of a mailout, and goes with it.

    ``of_block``, ``of_template``: it is the copy in which that original is edited, level with its
    ``of_revision``. A copy is listed nowhere and never sent; each save of it changes the original.
    """

    audit = AuditRule(name="name", quiet=frozenset({"revision", "of_revision"}))

    revision: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("revision"), default=1, editable=False
    )
    for_mailout: models.BooleanField[bool, bool] = models.BooleanField(
        default=False, db_default=False, editable=False
    )
    archived_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        null=True, blank=True, editable=False
    )
    of_block: models.OneToOneField[Any, Any] = models.OneToOneField(
        "mailings.SavedBlock",
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("saved block"),
    )
    of_template: models.ForeignKey[Any, Any] = models.ForeignKey(
        "mailings.MessageTemplate",
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("template"),
    )
    of_revision: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("revision"), default=0, db_default=0, editable=False
    )

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-id"]
        constraints = [
            form_check("message_form"),
            models.UniqueConstraint(
                fields=["of_template", "owner"], name="message_copy_of_template_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(of_block__isnull=True) | models.Q(of_template__isnull=True),
                name="message_copy_of_one",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """What it is called: its name, else its subject, else that it has none yet."""
        return self.name or self.subject or gettext("No subject")

    @property
    def is_copy(self) -> bool:
        """True if a saved block or a template is edited in it."""
        return self.of_block_id is not None or self.of_template_id is not None

    def save(self, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("update_fields") is None:
            self.name = self.name or self.subject[:200]
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Refuse here, at the earliest place, what could not be sent or not be kept."""
        self.subject, self.text = stored_text(self.subject), stored_text(self.text)
        self.preheader = stored_text(self.preheader)
        self.html = stored_html(self.html)
        self.form = form_of(html=self.html, document=self.document)
        code = language(self.language)
        if code is None:
            text = _("Write the code of a language, such as ru or en.")
            raise ValidationError({"language": ValidationError(text, code="language")})
        self.language = code
        try:
            if self.document is not None:
                self.document = stored(self.document)
                check_form(self.html, self.document)
                check_head(self.subject or ("-" if self.is_copy else ""), self.preheader)
            else:
                check_head(self.subject, self.preheader)
                check_content(self.subject, self.text, self.html)
        except ContentRefused as refusal:
            raise ValidationError(refusal_text(refusal), code=refusal.code) from refusal


#: Messages that people have written as such: those that are listed, offered and sent.
NO_COPY: Final = models.Q(of_block=None, of_template=None)


class PartOfMessageQuerySet(OwnedQuerySet[Any]):
    owner_path = "message__owner_id"


class MessageTranslation(BaseModel):
    """A message in one more language. Its structure is the message's own, and exists once.

    ``strings``: of each block the text and, as ``of``, the hash of the base string that it was made
    from. ``bases``: these hashes of subject, preheader, text and html. What is empty is missing.
    """

    audit = AuditRule(name="language", quiet=frozenset({"bases", "strings"}))

    message: models.ForeignKey[Message, Message] = models.ForeignKey(
        Message,
        on_delete=models.CASCADE,
        related_name="translations",
        db_index=False,
        verbose_name=_("message"),
    )
    language: models.CharField[str, str] = models.CharField(_("language"), max_length=10)
    subject: models.CharField[str, str] = models.CharField(
        _("subject"), max_length=255, blank=True, default="", db_default=""
    )
    preheader: models.CharField[str, str] = models.CharField(
        _("preheader"), max_length=255, blank=True, default="", db_default=""
    )
    text: models.TextField[str, str] = models.TextField(
        _("plain text"), blank=True, default="", db_default=""
    )
    html: models.TextField[str, str] = models.TextField(
        _("HTML"), blank=True, default="", db_default=""
    )
    bases: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(
        default=dict, blank=True, editable=False
    )
    strings: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, blank=True, editable=False
    )

    objects = PartOfMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("translation of a message")
        verbose_name_plural = _("translations of messages")
        ordering = ["message", "language"]
        constraints = [
            models.UniqueConstraint(
                fields=["message", "language"], name="message_translation_unique"
            ),
            models.CheckConstraint(condition=~models.Q(language=""), name="translation_language"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} {self.language}"


class Attachment(BaseModel):
    """A file that goes out with a message.

    Its bytes lie under their own hash, once for all who attach the same, and stay there: a run
    may still need them when the message has long lost the file.
    """

    audit = AuditRule(name="name", quiet=frozenset({"sha256"}))

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
    translations = translations_field()

    objects = PartOfMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a message")
        verbose_name_plural = _("versions of messages")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["message", "number"], name="message_version_unique"),
            form_check("message_version_form"),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.subject} (v{self.number})"
