"""Consents: every permission that a person gave or took back, kept as it was said."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.audit.rule import AuditRule
from apps.core.models import OwnedModel, OwnedQuerySet
from apps.mailings.models.audience import Channel, Recipient
from apps.mailings.models.imports import RecipientImport


class ConsentText(OwnedModel):
    """One wording to which people consent, a box of its own on a form. Append-only.

    A changed wording is the next ``version`` of its ``key``. ``sha256`` is of the text as shown.
    """

    audit = AuditRule(name="key")

    key: models.SlugField[str, str] = models.SlugField(_("short name"), max_length=60)
    version: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=1)
    language: models.CharField[str, str] = models.CharField(_("language"), max_length=10)
    text: models.TextField[str, str] = models.TextField(_("text"))
    sha256: models.CharField[str, str] = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name = _("consent text")
        verbose_name_plural = _("consent texts")
        ordering = ["key", "-version", "language"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "key", "version", "language"], name="consent_text_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} v{self.version} {self.language}"


#: A class with a field called ``list`` has no other list.
_Texts = list[dict[str, Any]]
_no_texts = list


class ConsentQuerySet(OwnedQuerySet["Consent"]):
    """Rows are added. The database itself refuses a change of one."""


class Consent(models.Model):
    """An act by which a person permitted or forbade to be written to. Append-only.

    ``list`` None: all of the owner's; ``recipient`` None: erased since. ``said_at`` is when the
    person said it, ``recorded_at`` when it came here. ``texts`` are the wordings that were shown
    (id and sha256), ``evidence`` a digest of what an imported row said, ``statement`` the owner's
    words for people who consented elsewhere, ``who`` a keyed digest of the address: it is known
    again when a person who was erased comes back. A trigger refuses every UPDATE but the emptying
    of recipient, ip, user_agent and page.
    """

    class Act(models.TextChoices):
        GIVEN = "given", pgettext_lazy("consent", "given")
        CONFIRMED = "confirmed", pgettext_lazy("consent", "confirmed")
        WITHDRAWN = "withdrawn", pgettext_lazy("consent", "withdrawn")
        PAUSED = "paused", pgettext_lazy("consent", "paused")
        RESUMED = "resumed", pgettext_lazy("consent", "resumed")
        CHANGED = "changed", pgettext_lazy("consent", "changed")
        STATED = "stated", pgettext_lazy("consent", "stated by the owner")
        EXPIRED = "expired", pgettext_lazy("consent", "never confirmed")
        ERASED = "erased", pgettext_lazy("consent", "erased")

    #: The acts by which a person may be written to, and those that end it: all others change
    #: neither.
    PERMITS: ClassVar[tuple[Act, ...]] = (Act.GIVEN, Act.CONFIRMED, Act.STATED, Act.RESUMED)
    REVOKES: ClassVar[tuple[Act, ...]] = (Act.WITHDRAWN, Act.EXPIRED, Act.ERASED)

    class Source(models.TextChoices):
        FORM = "form", _("sign-up form")
        PAGE = "page", _("preference page")
        ONE_CLICK = "one_click", _("one-click unsubscribe")
        IMPORT = "import", _("import")
        API = "api", "API"
        MANUAL = "manual", _("added manually")
        PROVIDER = "provider", _("mail provider")
        SUNSET = "sunset", _("rule for inactive subscribers")

    owner: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="consents"
    )
    recipient: models.ForeignKey[Recipient | None, Recipient | None] = models.ForeignKey(
        Recipient,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="consents",
    )
    list: models.ForeignKey[Any, Any] = models.ForeignKey(
        "mailings.MailingList",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="consents",
    )
    channel: models.CharField[str, str] = models.CharField(
        _("channel"), max_length=10, choices=Channel.choices, blank=True
    )
    act: models.CharField[str, str] = models.CharField(_("act"), max_length=10, choices=Act.choices)
    source: models.CharField[str, str] = models.CharField(
        _("source"), max_length=10, choices=Source.choices
    )
    said_at: models.DateTimeField[Any, Any] = models.DateTimeField(_("said"))
    recorded_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("recorded"), auto_now_add=True
    )
    form_version: models.ForeignKey[Any, Any] = models.ForeignKey(
        "mailings.SignupFormVersion",
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        db_index=False,
        related_name="consents",
    )
    texts: models.JSONField[_Texts, _Texts] = models.JSONField(default=_no_texts, blank=True)
    language: models.CharField[str, str] = models.CharField(max_length=10, blank=True)
    ip: models.GenericIPAddressField[str | None, str | None] = models.GenericIPAddressField(
        null=True, blank=True
    )
    user_agent: models.CharField[str, str] = models.CharField(max_length=200, blank=True)
    page: models.CharField[str, str] = models.CharField(max_length=500, blank=True)
    #: The letter that was confirmed, or by which the person left. Deliveries go with their mailing.
    delivery: models.ForeignKey[Any, Any] = models.ForeignKey(
        "mailings.Delivery",
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    by_import: models.ForeignKey[RecipientImport | None, RecipientImport | None] = (
        models.ForeignKey(
            RecipientImport,
            on_delete=models.DO_NOTHING,
            null=True,
            blank=True,
            db_constraint=False,
            db_index=False,
            related_name="+",
        )
    )
    actor: models.CharField[str, str] = models.CharField(_("who"), max_length=254, blank=True)
    statement: models.CharField[str, str] = models.CharField(
        _("statement"), max_length=500, blank=True
    )
    evidence: models.CharField[str, str] = models.CharField(max_length=64, blank=True)
    who: models.CharField[str, str] = models.CharField(max_length=64, blank=True)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["recipient", "id"], name="consent_of_recipient"),
            models.Index(fields=["owner", "id"], name="consent_of_owner"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "list", "act", "said_at", "evidence"],
                name="consent_imported_once",
                condition=Q(source="import"),
            ),
            # A list of NULL differs from itself.
            models.UniqueConstraint(
                fields=["recipient", "act", "said_at", "evidence"],
                name="consent_general_imported_once",
                condition=Q(source="import", list=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.act}"
