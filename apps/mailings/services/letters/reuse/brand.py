"""What an owner says once about the look of all letters, and who sends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.mailings.models import Brand, MediaFile
from apps.mailings.models.letters.brand import BRAND_FIELDS
from apps.mailings.services.media.uses import record_brand_uses
from apps.users.models import User


class BrandChanged(Refused):
    """Another version of the brand was saved since the one that was read."""

    code = "brand_changed"


@transaction.atomic
def save_brand(
    *, owner: User, values: Mapping[str, Any], base_revision: int | None = None
) -> Brand:
    """Change the owner's brand; what is left out stays as it is. ``logo`` is a picture's id.

    Raises ValidationError for what letters could not hold, and BrandChanged when the revision is
    not the one that was read.
    """
    Brand.objects.get_or_create(owner=owner)
    brand = Brand.objects.select_for_update().get(owner=owner)
    if base_revision is not None and brand.revision != base_revision:
        raise BrandChanged(_("Your brand was changed elsewhere. Check it and save again."))
    for name in BRAND_FIELDS:
        setattr(brand, name, values.get(name, getattr(brand, name)))
    if "logo" in values:
        brand.logo = _own_picture(owner, values["logo"])
    brand.full_clean(exclude=["owner"])
    brand.revision += 1
    brand.save()
    record_brand_uses(brand)
    return brand


def skip_brand(*, owner: User) -> None:
    """Note that the owner was asked, and wants no brand now."""
    Brand.objects.get_or_create(owner=owner)


def _own_picture(owner: User, number: int | None) -> MediaFile | None:
    if number is None:
        return None
    found = MediaFile.objects.filter(owner=owner, removed_at=None, pk=number).first()
    if found is None:
        raise ValidationError({"logo": _("There is no such picture in your library.")})
    return found
