"""`/api/media/`."""

from typing import Any

from django.utils import timezone
from ninja import File, Form, Query, Router, Status
from ninja.files import UploadedFile

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.schemas.common import Page, Removed, answers
from apps.api.schemas.media import MediaChanges, MediaIn, MediaOut, MediaQuery, MediaRemoval
from apps.core.http import costly
from apps.core.permissions import editable_or_403, visible_or_404
from apps.mailings.models import MediaFile
from apps.mailings.selectors.media import HIDDEN, media_like, shown_media
from apps.mailings.services.media.library import MediaService
from apps.mailings.services.media.uploads import take_upload

router = Router(tags=["Pictures"])


@router.get("/", response=answers({200: Page[MediaOut]}), summary="List pictures")
def list_media(request: ApiRequest, query: Query[MediaQuery]) -> dict[str, Any]:
    """One's own, newest first; for managers everybody's."""
    rows = shown_media(HIDDEN if query.hidden else "").visible_to(request.auth.user)
    return page_of(media_like(rows, query.search), query)


@router.post("/", response=answers({201: MediaOut}, 413, 503, 507), summary="Add a picture")
def add_media(
    request: ApiRequest, file: File[UploadedFile], given: Form[MediaIn]
) -> Status[MediaFile]:
    """JPEG, PNG, GIF or WebP of at most 20 MB. The same file twice is one picture."""
    owner = request.auth.user
    with costly.PLACES.place(owner.pk):
        media = take_upload(owner=owner, upload=file, alt=given.alt)
    return Status(201, _shown(request, media.pk))


@router.get("/{int:pk}/", response=answers({200: MediaOut}, 404), summary="One picture")
def get_media(request: ApiRequest, pk: int) -> MediaFile:
    return _shown(request, pk)


@router.patch("/{int:pk}/", response=answers({200: MediaOut}, 404), summary="Rename it")
def change_media(request: ApiRequest, pk: int, given: MediaChanges) -> MediaFile:
    """What is left out stays as it is."""
    pictures = MediaService(request.auth.user)
    media = pictures.editable_or_403(pk)
    values = given.dict(exclude_unset=True)
    pictures.rename(media, name=values.get("name", media.name), alt=values.get("alt", media.alt))
    return _shown(request, pk)


@router.delete("/{int:pk}/", response=answers({200: Removed}, 404, 409), summary="Remove it")
def delete_media(request: ApiRequest, pk: int, query: Query[MediaRemoval]) -> dict[str, int]:
    """Deleted when it was never sent, otherwise hidden: letters still show it.

    With `for_good` letters show a gap, and its address answers 410. One that messages show is not
    removed (409).
    """
    pictures, now = MediaService(request.auth.user), timezone.now()
    media = editable_or_403(pictures.rows(), request.auth.user, pk=pk)
    deleted = True
    if query.for_good:
        pictures.remove_for_good(media, now=now)
    else:
        deleted = pictures.remove(media, now=now)
    return {"deleted": int(deleted), "archived": int(not deleted)}


def _shown(request: ApiRequest, pk: int) -> MediaFile:
    """The picture as the document describes it, a hidden one too."""
    rows = shown_media(None)
    return visible_or_404(rows, request.auth.user, pk=pk)
