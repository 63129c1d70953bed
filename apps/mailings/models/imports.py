"""Lists that were brought in from files: what came of each, and how to undo it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.audit.rule import AuditRule
from apps.core.models import OwnedModel
from apps.mailings.models.content import private_storage

#: How far it has come, and rows of people; its end has an entry with the figures.
_PROGRESS = frozenset(
    {
        *("file", "rejects", "reading", "preview", "options", "mapping", "total_rows", "done_rows"),
        *("added", "updated", "rejected", "warned", "suppressed", "unchanged", "kept", "beat_at"),
    }
)


class RecipientImport(OwnedModel):
    """One file of recipients to be imported into the owner's list.

    ``preview`` is what the head of the file showed (services.importing.files.FilePreview),
    ``reading`` how a person wants the file to be read (importing.files.read_options). ``mapping``
    says which field each column goes to, by position; ``options`` hold the tags and switches of the
    form, with ``consent`` who stated it and when, and in the end ``reasons`` and ``warnings``, how
    many rows have each. The figures are final when ``state`` is done: every row is counted once, so
    that they add up to ``total_rows``; ``kept`` are those among them whose people stay off a list.
    The file is removed when the import is done, or after a day; a dry run keeps it for the import
    itself. ``pulled_from`` names the source of ``.env`` that gave it, ``night`` the day of which it
    is the nightly pull.
    """

    audit = AuditRule(quiet=_PROGRESS)

    class State(models.TextChoices):
        READING = "reading", pgettext_lazy("import", "Reading")
        UPLOADED = "uploaded", _("Awaiting confirmation")
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Importing")
        DONE = "done", pgettext_lazy("import", "Finished")
        FAILED = "failed", pgettext_lazy("import", "Failed")
        UNDONE = "undone", pgettext_lazy("import", "Undone")

    source: models.CharField[str, str] = models.CharField(_("source"), max_length=500)
    pulled_from: models.CharField[str, str] = models.CharField(
        pgettext_lazy("import", "pulled from"), max_length=60, blank=True, default="", db_default=""
    )
    night: models.DateField[Any, Any] = models.DateField(_("night"), null=True, blank=True)
    file: models.FileField = models.FileField(
        _("file"), upload_to="imports/", storage=private_storage, max_length=255, blank=True
    )
    rejects: models.FileField = models.FileField(
        _("rejected rows"),
        upload_to="rejects/",
        storage=private_storage,
        max_length=255,
        blank=True,
    )
    state: models.CharField[str, str] = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.UPLOADED
    )
    dry_run: models.BooleanField[bool, bool] = models.BooleanField(_("dry run"), default=False)
    mapping: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(
        _("columns"), default=dict, blank=True
    )
    options: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        _("options"), default=dict, blank=True
    )
    reading: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        _("how it is read"), default=dict, blank=True
    )
    preview: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        _("first rows"), default=dict, blank=True
    )
    total_rows: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("rows"), default=0
    )
    done_rows: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("rows read"), default=0
    )
    added: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("added"), default=0
    )
    updated: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("updated"), default=0
    )
    rejected: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("rejected"), default=0
    )
    warned: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("warnings"), default=0
    )
    suppressed: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("suppressed"), default=0
    )
    unchanged: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("unchanged"), default=0, db_default=0
    )
    kept: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("left off lists"), default=0, db_default=0
    )
    error: models.CharField[str, str] = models.CharField(_("error"), max_length=500, blank=True)
    error_code: models.CharField[str, str] = models.CharField(
        _("error code"), max_length=50, blank=True
    )
    started_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("started"), null=True, blank=True
    )
    beat_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("last sign of life"), null=True, blank=True
    )
    finished_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("finished"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    total_rows=F("added")
                    + F("updated")
                    + F("unchanged")
                    + F("suppressed")
                    + F("rejected")
                ),
                name="import_adds_up",
            ),
            models.UniqueConstraint(
                fields=["pulled_from", "night"],
                condition=Q(night__isnull=False),
                name="import_once_a_night",
            ),
        ]

    def __str__(self) -> str:
        return self.source

    @property
    def is_tried(self) -> bool:
        """True if it was only tried, so that its file can still be imported."""
        return self.state == self.State.DONE and self.dry_run and bool(self.file)

    @property
    def tone(self) -> str:
        """The look of its badge."""
        bad, good = self.State.FAILED, self.State.DONE
        return {bad.value: "bad", good.value: "good"}.get(self.state, "plain")

    @property
    def can_start(self) -> bool:
        """True if it awaits confirmation, for the first time or again."""
        waiting = self.state in (self.State.UPLOADED, self.State.FAILED)
        return (waiting and bool(self.file)) or self.is_tried
