"""Pictures of letters: each with its files in several widths, and where it is shown."""

from __future__ import annotations

import base64
import secrets
from typing import Any, Final, Self

from django.core.files.storage import storages
from django.core.files.storage.base import Storage
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.audit.rule import AuditRule
from apps.core.contracts import Actor
from apps.core.models import BaseModel, OwnedModel, OwnedQuerySet
from apps.mailings.models.content import Message

#: Random bytes of a token: 120 bits.
_RANDOM: Final = 15
#: The columns of a use: what is used, and where.
_USED: Final = ("media", "saved_block")
_PLACES: Final = ("message", "brand", "in_block", "template")


def media_storage() -> Storage:
    """Where the files of pictures lie."""
    return storages["media"]


def new_token() -> str:
    """A name that nobody guesses; in small letters, for file systems that know no other."""
    return base64.b32encode(secrets.token_bytes(_RANDOM)).decode("ascii").lower()


class MediaFile(OwnedModel):
    """A picture that letters may show.

    Its address is public: who has a letter has the token. ``sha256`` is that of the file that
    was uploaded; ``width``, ``height`` and ``size`` are those of what became of it. ``revision``
    grows when another picture takes its place, which only happens before it is sent.

    ``archived_at``: hidden, and still shown by the letters that have it. ``removed_at``: its files
    are gone for good; the row stays, so that its address can say so.
    """

    audit = AuditRule(name="name", quiet=frozenset({"sha256", "sent_at", "revision"}))

    class Kind(models.TextChoices):
        JPEG = "jpeg", "JPEG"
        PNG = "png", "PNG"
        GIF = "gif", "GIF"

    token: models.CharField[str, str] = models.CharField(
        max_length=24, unique=True, default=new_token, editable=False
    )
    name: models.CharField[str, str] = models.CharField(_("name"), max_length=200)
    alt: models.CharField[str, str] = models.CharField(
        _("alternative text"), max_length=300, blank=True
    )
    kind: models.CharField[str, str] = models.CharField(
        _("type"), max_length=4, choices=Kind.choices
    )
    width: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(_("width"))
    height: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(_("height"))
    size: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(_("size in bytes"))
    sha256: models.CharField[str, str] = models.CharField(max_length=64)
    animated: models.BooleanField[bool, bool] = models.BooleanField(_("animated"), default=False)
    revision: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        default=1, db_default=1, editable=False
    )
    sent_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        _("sent"), null=True, blank=True, editable=False
    )
    archived_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        null=True, blank=True, editable=False
    )
    removed_at: models.DateTimeField[Any, Any] = models.DateTimeField(
        null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "sha256"],
                condition=Q(archived_at=None),
                name="media_unique_per_owner",
            ),
            models.CheckConstraint(
                condition=Q(removed_at=None) | Q(archived_at__isnull=False),
                name="media_removed_is_archived",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def content_type(self) -> str:
        """The MIME type of its files."""
        return f"image/{self.kind}"

    @property
    def extension(self) -> str:
        """The ending of its files."""
        return "jpg" if self.kind == self.Kind.JPEG else self.kind


class PartOfMediaQuerySet(OwnedQuerySet[Any]):
    owner_path = "media__owner_id"


class MediaRendition(BaseModel):
    """A file of a picture, as wide as letters ask for, or as the picture is when it is less."""

    media: models.ForeignKey[MediaFile, MediaFile] = models.ForeignKey(
        MediaFile, on_delete=models.CASCADE, related_name="renditions", verbose_name=_("picture")
    )
    width: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(_("width"))
    sha256: models.CharField[str, str] = models.CharField(max_length=64)
    size: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(_("size in bytes"))

    objects = PartOfMediaQuerySet.as_manager()

    class Meta:
        verbose_name = _("file of a picture")
        verbose_name_plural = _("files of pictures")
        ordering = ["width"]
        constraints = [
            models.UniqueConstraint(fields=["media", "width"], name="rendition_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.media} ({self.width})"


class UseQuerySet(OwnedQuerySet[Any]):
    """Uses belong to the owner of what is used."""

    def visible_to(self, actor: Actor) -> Self:
        return self if actor.sees_all else self.editable_by(actor)

    def editable_by(self, actor: Actor) -> Self:
        return self.filter(Q(media__owner_id=actor.pk) | Q(saved_block__owner_id=actor.pk))


def _exactly_one(names: tuple[str, ...]) -> Q:
    """One of these columns is filled, and no other."""
    found = Q()
    for name in names:
        others = {f"{other}__isnull": True for other in names if other != name}
        found |= Q(**{f"{name}__isnull": False}, **others)
    return found


class ContentUse(BaseModel):
    """What is used, and where. Written anew in the transaction of every save of the place.

    Another kind of thing, or of place, is one more column that may be empty, and its name in
    ``_USED`` or ``_PLACES``.
    """

    media: models.ForeignKey[MediaFile | None, MediaFile | None] = models.ForeignKey(
        MediaFile,
        on_delete=models.CASCADE,
        null=True,
        related_name="uses",
        verbose_name=_("picture"),
    )
    saved_block: models.ForeignKey[Any, Any] = models.ForeignKey(
        "mailings.SavedBlock",
        on_delete=models.CASCADE,
        null=True,
        related_name="uses",
        verbose_name=_("saved block"),
    )
    message: models.ForeignKey[Message | None, Message | None] = models.ForeignKey(
        Message,
        on_delete=models.CASCADE,
        null=True,
        related_name="content_uses",
        verbose_name=_("message"),
    )
    brand: models.ForeignKey[Any, Any] = models.ForeignKey(
        "mailings.Brand",
        on_delete=models.CASCADE,
        null=True,
        related_name="content_uses",
        verbose_name=_("brand"),
    )
    in_block: models.ForeignKey[Any, Any] = models.ForeignKey(
        "mailings.SavedBlock",
        on_delete=models.CASCADE,
        null=True,
        related_name="content_uses",
        verbose_name=_("in the saved block"),
    )
    template: models.ForeignKey[Any, Any] = models.ForeignKey(
        "mailings.MessageTemplate",
        on_delete=models.CASCADE,
        null=True,
        related_name="content_uses",
        verbose_name=_("template"),
    )

    objects = UseQuerySet.as_manager()

    class Meta:
        verbose_name = _("use of a picture or a saved block")
        verbose_name_plural = _("uses of pictures and saved blocks")
        constraints = [
            models.UniqueConstraint(fields=["media", "message"], name="content_use_unique"),
            models.UniqueConstraint(fields=["media", "brand"], name="content_use_in_brand_unique"),
            models.UniqueConstraint(
                fields=["media", "in_block"], name="content_use_in_block_unique"
            ),
            models.UniqueConstraint(
                fields=["saved_block", "message"], name="content_use_of_block_unique"
            ),
            models.UniqueConstraint(
                fields=["media", "template"], name="content_use_in_template_unique"
            ),
            models.UniqueConstraint(
                fields=["saved_block", "template"], name="content_use_block_in_template_unique"
            ),
            models.CheckConstraint(condition=_exactly_one(_USED), name="content_use_of_one"),
            models.CheckConstraint(condition=_exactly_one(_PLACES), name="content_use_in_one"),
        ]

    def __str__(self) -> str:
        used = self.media or self.saved_block
        return f"{used} – {self.message or self.brand or self.in_block or self.template}"
