"""How an owner's letters look, and who they say sends them."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any, Final

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError as ShapeError

from apps.core.audit.rule import AuditRule
from apps.core.content.blocks.reuse.brand import BrandLook
from apps.core.models import OwnedModel
from apps.mailings.models.content import translations_field
from apps.mailings.models.media import MediaFile

#: What letters take from it.
BRAND_FIELDS: Final = (
    "name",
    "website",
    "company",
    "address",
    "reason",
    "networks",
    "theme",
    "translations",
)


class Brand(OwnedModel):
    """What an owner's letters take where they say nothing themselves; one per owner.

    ``revision`` grows by one with every save; 0: its owner was asked, and has said nothing.
    """

    audit = AuditRule(name="name", quiet=frozenset({"revision"}))

    logo: models.ForeignKey[MediaFile | None, MediaFile | None] = models.ForeignKey(
        MediaFile,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("logo"),
    )
    name: models.CharField[str, str] = models.CharField(_("name"), max_length=200, blank=True)
    website: models.CharField[str, str] = models.CharField(
        _("website"), max_length=2000, blank=True
    )
    company: models.CharField[str, str] = models.CharField(_("company"), max_length=300, blank=True)
    address: models.CharField[str, str] = models.CharField(
        _("postal address"), max_length=300, blank=True
    )
    reason: models.CharField[str, str] = models.CharField(
        _("why recipients get messages"), max_length=300, blank=True
    )
    networks: models.JSONField[list[Any], list[Any]] = models.JSONField(
        _("social networks"), default=list, blank=True
    )
    theme: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        _("design"), default=dict, blank=True
    )
    translations = translations_field()
    revision: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        _("revision"), default=0, editable=False
    )

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
        constraints = [models.UniqueConstraint(fields=["owner"], name="brand_one_per_owner")]

    def __str__(self) -> str:
        return self.name or self.company or f"(id:{self.pk})"

    @cached_property
    def style(self) -> BrandLook:
        """What letters take. Raises pydantic's error for what they could not hold."""
        values = {name: getattr(self, name) for name in BRAND_FIELDS}
        return BrandLook.model_validate_json(json.dumps({**values, "logo": self.logo_id}))

    def clean(self) -> None:
        """Keep what letters can hold, defaults written out; refuse everything else."""
        self.__dict__.pop("style", None)
        try:
            kept = self.style.model_dump(mode="json")
        except (ShapeError, ValueError) as error:
            raise ValidationError(_problems(error)) from error
        for name in BRAND_FIELDS:
            setattr(self, name, kept[name])
        self.theme["follows_brand"] = False


def _problems(error: ValueError) -> dict[str, list[str]]:
    """What is wrong, by field. The sentences are for programs: a form asks before."""
    if not isinstance(error, ShapeError):
        return {"theme": [str(error)]}
    found: dict[str, list[str]] = {}
    for one in error.errors(include_url=False, include_input=False):
        name, *rest = [str(part) for part in one["loc"]] or [NON_FIELD_ERRORS]
        text = one["msg"].removeprefix("Value error, ")
        found.setdefault(name, []).append(f"{'.'.join(rest)}: {text}" if rest else text)
    return found
