"""Why a letter of another tool is not taken."""

from __future__ import annotations

from apps.core.errors import Refused


class LetterRefused(Refused):
    """The file is no letter that can be read, or it is too large."""

    code = "import_refused"


class LetterTooDeep(LetterRefused):
    """Its elements stand too deep in each other, or there are too many of them."""

    code = "import_too_deep"
