"""A file that every recipient of a message gets for itself, and the archives it may lie in."""

from __future__ import annotations

from typing import Any, Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.audit.rule import AuditRule
from apps.core.models import BaseModel, OwnedQuerySet
from apps.mailings.models.content import Message, PartOfMessageQuerySet
from apps.mailings.models.mailing import Mailing

#: Such files of one message.
MOST_FILES: Final = 5


class PersonalFile(BaseModel):
    """One file for each recipient of a message: its name, and where it comes from.

    ``name`` and ``origin`` are templates of the recipient's fields. ``origin`` is the name in the
    archive (empty: the file's own), or the address; of files that programs give it is empty.
    Without a ``required`` file nothing is sent; any other is left out.
    """

    audit = AuditRule(name="name")

    class Source(models.TextChoices):
        ARCHIVE = "archive", _("ZIP archive")
        URL = "url", _("Web address")
        API = "api", _("Given by a program")

    message: models.ForeignKey[Message, Message] = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="personal_files", verbose_name=_("message")
    )
    name: models.CharField[str, str] = models.CharField(_("file name"), max_length=200)
    required: models.BooleanField[bool, bool] = models.BooleanField(_("required"), default=True)
    source: models.CharField[str, str] = models.CharField(
        _("source"), max_length=8, choices=Source.choices, default=Source.ARCHIVE
    )
    origin: models.CharField[str, str] = models.CharField(
        _("name in the archive, or address"), max_length=1000, blank=True
    )

    objects = PartOfMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("file for each recipient")
        verbose_name_plural = _("files for each recipient")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(source="url") | ~Q(origin=""), name="personal_file_has_an_address"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PartOfFileQuerySet(OwnedQuerySet[Any]):
    owner_path = "file__message__owner_id"


class FileArchive(BaseModel):
    """Files by name: of a ZIP that was uploaded, or those that a program gave for one mailing.

    The ZIP itself lies under its hash (``sha256``) until it is unpacked. Of the archives of a file
    the newest goes first.
    """

    audit = AuditRule(name="name", quiet=frozenset({"sha256", "unpacked_at"}))

    file: models.ForeignKey[PersonalFile, PersonalFile] = models.ForeignKey(
        PersonalFile, on_delete=models.CASCADE, related_name="archives", verbose_name=_("file")
    )
    mailing: models.ForeignKey[Mailing | None, Mailing | None] = models.ForeignKey(
        Mailing,
        on_delete=models.CASCADE,
        null=True,
        related_name="given_files",
        verbose_name=_("mailing"),
    )
    name: models.CharField[str, str] = models.CharField(_("name"), max_length=200, blank=True)
    sha256: models.CharField[str, str] = models.CharField(max_length=64, blank=True)
    size: models.PositiveBigIntegerField[int, int] = models.PositiveBigIntegerField(
        _("size in bytes"), default=0
    )
    unpacked_at: models.DateTimeField[Any, Any] = models.DateTimeField(null=True)

    objects = PartOfFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("archive of files")
        verbose_name_plural = _("archives of files")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["file", "mailing"],
                condition=Q(mailing__isnull=False),
                name="file_archive_one_per_mailing",
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.pk}"


class PartOfArchiveQuerySet(OwnedQuerySet[Any]):
    owner_path = "archive__file__message__owner_id"


class FileArchiveEntry(models.Model):
    """One file of an archive, found by its ``key``: the folded name, or the recipient's number.

    ``number``: its place in the ZIP. ``code``: why it cannot be sent; neither that nor a hash: it
    has not been unpacked yet.
    """

    archive: models.ForeignKey[FileArchive, FileArchive] = models.ForeignKey(
        FileArchive, on_delete=models.CASCADE, related_name="entries", verbose_name=_("archive")
    )
    number: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    name: models.CharField[str, str] = models.CharField(_("name"), max_length=500)
    key: models.CharField[str, str] = models.CharField(max_length=500)
    size: models.PositiveBigIntegerField[int, int] = models.PositiveBigIntegerField(
        _("size in bytes")
    )
    sha256: models.CharField[str, str] = models.CharField(max_length=64, blank=True)
    content_type: models.CharField[str, str] = models.CharField(
        _("type"), max_length=100, blank=True
    )
    code: models.CharField[str, str] = models.CharField(max_length=20, blank=True)

    objects = PartOfArchiveQuerySet.as_manager()

    class Meta:
        verbose_name = _("file of an archive")
        verbose_name_plural = _("files of archives")
        constraints = [
            models.UniqueConstraint(fields=["archive", "key"], name="file_archive_entry_unique"),
        ]
        indexes = [
            models.Index(
                fields=["sha256"], name="file_archive_entry_bytes", condition=~Q(sha256="")
            ),
        ]

    def __str__(self) -> str:
        return self.name
