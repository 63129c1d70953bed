"""Pictures of people: judged by their content, made anew, and small."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from apps.core.errors import Refused

MAX_BYTES: Final = 5 * 1024 * 1024
#: Width times height; a small file can unpack to gigabytes.
MAX_PIXELS: Final = 16_000_000
SIDE: Final = 256
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")


class AvatarRefused(Refused):
    """The file is no picture that can be taken."""

    code = "avatar_refused"


def made_anew(upload: UploadedFile[Any]) -> ContentFile[bytes]:
    """The picture as a square WebP of ``SIDE`` pixels, with nothing of the file but its pixels.

    Raises AvatarRefused for what is too large or is no JPEG, PNG, WebP or GIF, whatever its name.
    """
    if (upload.size or 0) > MAX_BYTES:
        raise AvatarRefused(_("The picture is larger than 5 MB."))
    try:
        with Image.open(upload, formats=_FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise AvatarRefused(_("The picture has too many pixels."))
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise AvatarRefused(_("Choose a picture: JPEG, PNG, WebP or GIF.")) from error
    except Image.DecompressionBombError as error:
        raise AvatarRefused(_("The picture has too many pixels.")) from error
    square = ImageOps.fit(upright, (SIDE, SIDE))
    made = BytesIO()
    square.info.clear()  # colour profiles and the like are the file's, not the picture's
    square.save(made, format="WEBP", quality=85)
    return ContentFile(made.getvalue(), name="avatar.webp")
