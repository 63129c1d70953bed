"""Why a picture is not taken, or not taken away."""

from __future__ import annotations

from collections.abc import Sequence

from apps.core.errors import Refused


class MediaRefused(Refused):
    """The file is no picture that can be taken, or a change of one is not allowed now."""

    code = "media_refused"


class MediaTooLarge(MediaRefused):
    """The file has too many bytes, pixels or frames, or the owner's room is used up."""

    code = "media_too_large"


class MediaUsed(Refused):
    """Messages show the picture: it stays until they show another one. ``uses`` names them."""

    code = "media_used"

    def __init__(self, text: str, uses: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.uses = tuple(uses)
