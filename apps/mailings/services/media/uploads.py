"""Bringing pictures in: from a form, from an address, in place of another one."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from apps.core.contracts import Actor
from apps.core.http.outbound import download
from apps.mailings.media import files
from apps.mailings.media.decoding import MAX_BYTES, Decoded, decoded
from apps.mailings.media.errors import MediaRefused, MediaTooLarge
from apps.mailings.models import MediaFile, MediaRendition
from apps.mailings.services.attachments import clean_name
from apps.users.models import User

#: What lists show.
THUMBNAIL: Final = 320
#: For a download from an address; somebody waits for it.
_SECONDS: Final = 20.0
_MEGABYTE: Final = 1024 * 1024


def take_upload(*, owner: Actor, upload: UploadedFile[Any], alt: str = "") -> MediaFile:
    """Keep an uploaded picture. Raises MediaRefused, Busy, DiskFull."""
    return take(owner=owner, content=_content_of(upload), name=upload.name or "", alt=alt)


def take_from_address(*, owner: Actor, url: str, alt: str = "") -> MediaFile:
    """Keep the picture behind an address: letters show our copy of it.

    Raises AddressRefused, FetchFailed, MediaRefused, Busy, DiskFull.
    """
    url = url.strip()
    with tempfile.TemporaryDirectory(prefix="vestnik-picture-") as directory:
        target = Path(directory) / "fetched"
        download(url, target, max_bytes=MAX_BYTES, seconds=_SECONDS)
        content = target.read_bytes()
    name = PurePosixPath(unquote(urlsplit(url).path)).name
    return take(owner=owner, content=content, name=name, alt=alt)


def take(
    *, owner: Actor, content: bytes, name: str, alt: str = "", box: Sequence[int] = ()
) -> MediaFile:
    """Keep the picture that these bytes are. The one that is there already, when it is the same.

    ``box``: left, top, right and bottom of the part of it that is kept, all without.

    1. It is judged and made anew in a process of its own, outside any transaction.
    2. Its files are written; without a row they belong to nobody.
    3. The rows make it the owner's, within what the owner may have.

    Raises MediaRefused, Busy, DiskFull.
    """
    digest = sha256(content + (str(tuple(box)).encode() if box else b"")).hexdigest()
    mine = MediaFile.objects.filter(owner_id=owner.pk, archived_at=None, sha256=digest)
    if (known := mine.first()) is not None:
        return known
    check_room(owner.pk)
    found = decoded(content, [0, THUMBNAIL], box=box)
    media = MediaFile(owner_id=owner.pk, name=shown_name(name), alt=clean_alt(alt), sha256=digest)
    renditions = _written(media, found)
    try:
        with transaction.atomic():
            list(User.objects.select_for_update().filter(pk=owner.pk))  # two at once share the room
            check_room(owner.pk, sum(one.size for one in renditions))
            media.save(force_insert=True)
            _save_all(media, renditions)
    except IntegrityError:  # the same picture came twice at once
        _forget(media, renditions)
        return mine.get()
    except MediaTooLarge:
        _forget(media, renditions)
        raise
    return media


def replace(*, media: MediaFile, upload: UploadedFile[Any]) -> MediaFile:
    """Put another picture in the place of one that no letter has shown yet: its address stays.

    Raises MediaRefused, also when it was sent meanwhile; then nothing has changed.
    """
    content = _content_of(upload)
    digest = sha256(content).hexdigest()
    labels = {one.width for one in media.renditions.all()}
    found = decoded(content, [0, *sorted({THUMBNAIL, *labels})])
    before = names_of(media)
    fresh = MediaFile(pk=media.pk, owner_id=media.owner_id, token=media.token, sha256=digest)
    renditions = _written(fresh, found, labels)
    room = sum(one.size for one in renditions)
    try:
        with transaction.atomic():
            list(User.objects.select_for_update().filter(pk=media.owner_id))
            now = MediaFile.objects.select_for_update().get(pk=media.pk)
            _check_replaceable(now)
            now.renditions.all().delete()
            check_room(media.owner_id, room)
            for name in ("kind", "width", "height", "size", "animated", "sha256"):
                setattr(now, name, getattr(fresh, name))
            now.revision += 1
            now.save()
            _save_all(now, renditions)
            gone = set(before) - names_of(now)
            transaction.on_commit(partial(files.delete, gone))
    except (IntegrityError, MediaRefused) as error:
        files.delete({files.name_of(fresh, one.sha256) for one in renditions} - before)
        if isinstance(error, IntegrityError):
            text = _("This picture is in your library already.")
            raise MediaRefused(text) from error
        raise
    return now


def _check_replaceable(media: MediaFile) -> None:
    if media.sent_at is not None or media.archived_at is not None:
        text = _("Emails with this picture were sent: add the new one as another picture.")
        raise MediaRefused(text)


def check_room(owner_id: int, more: int = 0) -> None:
    """Refuse what does not fit into the owner's share. Raises MediaTooLarge."""
    most = settings.MEDIA_QUOTA_MB * _MEGABYTE
    if most and used_bytes(owner_id) + max(more, 1) > most:
        text = _("Your pictures may have %(most)d MB together: delete some that are not used.")
        raise MediaTooLarge(text % {"most": settings.MEDIA_QUOTA_MB})


def used_bytes(owner_id: int) -> int:
    """What all files of the owner's pictures weigh."""
    rows = MediaRendition.objects.filter(media__owner_id=owner_id)
    return int(rows.aggregate(sum=Sum("size"))["sum"] or 0)


def names_of(media: MediaFile) -> set[str]:
    """Where the files of a picture lie."""
    digests = media.renditions.values_list("sha256", flat=True)
    return {files.name_of(media, digest) for digest in digests}


def clean_alt(alt: str) -> str:
    """An alternative text in one line."""
    return " ".join(alt.replace("\x00", "").split())[:300]


def shown_name(name: str) -> str:
    """The file's own name without its ending: that one may be another now."""
    cleaned = clean_name(name.replace("\x00", ""))
    stem, dot, ending = cleaned.rpartition(".")
    return stem.strip() if dot and stem.strip() and len(ending) <= 5 else cleaned


def _content_of(upload: UploadedFile[Any]) -> bytes:
    if (upload.size or 0) > MAX_BYTES:
        raise MediaTooLarge(_("The picture is larger than 20 MB."))
    content: bytes = upload.read()
    return content


def _written(
    media: MediaFile, found: Decoded, wanted: Collection[int] = ()
) -> list[MediaRendition]:
    """The files of the picture, on the disk, and the rows that they need.

    A width that the picture does not have is the picture itself, and needs a row only when an
    address was given out for it (``wanted``).
    """
    media.kind, media.width, media.height = found.kind, found.width, found.height
    media.animated = found.animated
    made: dict[int, MediaRendition] = {}
    for one in found.files:
        width = one.width or found.width
        if width in made or (one.pixels[0] < width and width not in wanted):
            continue
        digest = files.write(media, one.content)
        made[width] = MediaRendition(width=width, sha256=digest, size=len(one.content))
        if not one.width:
            media.size = len(one.content)
    return list(made.values())


def _save_all(media: MediaFile, renditions: list[MediaRendition]) -> None:
    for one in renditions:
        one.media = media
    MediaRendition.objects.bulk_create(renditions)


def _forget(media: MediaFile, renditions: list[MediaRendition]) -> None:
    """The files that were written for nothing: the token is nobody else's."""
    files.delete({files.name_of(media, one.sha256) for one in renditions})
