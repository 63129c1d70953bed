"""Where an owner's public mailings are read by everybody."""

from __future__ import annotations

import secrets
import string
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.audit.rule import AuditRule
from apps.core.models import OwnedModel

_LETTERS: Final = string.ascii_lowercase + string.digits


def new_archive_slug() -> str:
    """Eight random characters, for an owner who has no name to be shown."""
    return "".join(secrets.choice(_LETTERS) for _number in range(8))


class PublicArchive(OwnedModel):
    """The address and the heading of an owner's archive; made with the first public mailing.

    ``title`` empty: the name of the owner's usual sender.
    """

    audit = AuditRule(name="title")

    slug: models.SlugField[str, str] = models.SlugField(
        _("address"), max_length=60, unique=True, default=new_archive_slug
    )
    title: models.CharField[str, str] = models.CharField(_("title"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("public archive")
        verbose_name_plural = _("public archives")
        constraints = [
            models.UniqueConstraint(fields=["owner"], name="archive_one_per_owner"),
        ]

    def __str__(self) -> str:
        return self.title or self.slug
