"""Why conditions cannot be used."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.core.errors import Refused


class SegmentInvalid(Refused):
    """The conditions of a segment cannot be used; ``path`` says which of them, ``why`` the reason.

    ``root.all[0]`` is the first condition of the uppermost group.
    """

    code = "segment_invalid"

    def __init__(self, path: str, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(_("%(why)s (%(path)s)") % {"why": why, "path": path})
