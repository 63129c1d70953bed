"""`/api/brand/`."""

from ninja import Router

from apps.api.auth import ApiRequest
from apps.api.schemas.common import answers
from apps.api.schemas.content.brand import BrandChanges, BrandOut
from apps.mailings.models import Brand
from apps.mailings.selectors.letters.brand import brand_of
from apps.mailings.services.letters.reuse.brand import save_brand

router = Router(tags=["Messages"])


@router.get("/", response=answers({200: BrandOut}), summary="Your brand")
def get_brand(request: ApiRequest) -> Brand:
    """What your messages made of blocks take where they say nothing themselves."""
    return brand_of(request.auth.user.pk) or Brand(owner=request.auth.user)


@router.patch("/", response=answers({200: BrandOut}, 400, 409), summary="Change your brand")
def change_brand(request: ApiRequest, given: BrandChanges) -> Brand:
    """A change shows in every message that is not being sent yet."""
    values = given.dict(exclude_unset=True)
    base = values.pop("revision", None)
    return save_brand(owner=request.auth.user, values=values, base_revision=base)
